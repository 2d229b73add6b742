/** One line that moves on a terminal; a line at each tenth where the output is a file. */
const BAR_WIDTH = 24;

export type Progress = { step(text: string): void; at(share: number, text: string): void; done(): void };

export function showProgress(out: NodeJS.WriteStream): Progress {
  let lastTenth = -1;
  let open = false;
  const line = (text: string) => {
    if (!out.isTTY) return void out.write(`${text}\n`);
    out.write(`\r\x1b[K${text.slice(0, out.columns - 1)}`);
    open = true;
  };
  return {
    step(text) {
      line(text);
      this.done();
    },
    at(share, text) {
      const filled = Math.round(share * BAR_WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      const tenth = Math.floor(share * 10);
      if (!out.isTTY && tenth === lastTenth) return;
      lastTenth = tenth;
      line(`${bar} ${Math.round(share * 100)} %  ${text}`);
    },
    done() {
      if (open) out.write("\n");
      open = false;
      lastTenth = -1;
    },
  };
}
