/** What was not taken, by reason: how often, on which lines, and one example of what stood there. */

export type Refusal = { times: number; readonly lines: number[]; readonly example: string | null };
export type Refusals = Map<string, Refusal>;

/** So many lines of each reason are named. */
const NAMED_LINES = 10;
/** No word of a file is worth more of a terminal. */
const LONGEST_EXAMPLE = 40;

export function addRefusal(
  refusals: Refusals,
  reason: string,
  {
    times = 1,
    lines = [],
    example = null,
  }: { times?: number; lines?: readonly number[]; example?: string | null },
): void {
  const known = refusals.get(reason) ?? { times: 0, lines: [], example };
  known.times += times;
  known.lines.push(...lines.slice(0, NAMED_LINES - known.lines.length));
  refusals.set(reason, known);
}

export function refusedCount(refusals: Refusals): number {
  return [...refusals.values()].reduce((sum, { times }) => sum + times, 0);
}

/** One line each, the most frequent first. */
export function refusalLines(refusals: Refusals): string[] {
  return [...refusals]
    .sort(([, a], [, b]) => b.times - a.times)
    .map(([reason, { times, lines, example }]) => {
      const like = example === null ? "" : `, like "${clip(example)}"`;
      const more = times > lines.length ? ", …" : "";
      const where = lines.length === 0 ? "" : ` (line${times === 1 ? "" : "s"} ${lines.join(", ")}${more})`;
      return `  ${times.toLocaleString("en")} × ${reason}${like}${where}`;
    });
}

function clip(text: string): string {
  return text.length <= LONGEST_EXAMPLE ? text : `${text.slice(0, LONGEST_EXAMPLE)}…`;
}
