// A process killed with SIGKILL runs no handler, so somebody else must tidy up after it. That somebody is one `sh`
// that reads a pipe from us: as long as we live, the pipe stays open; when we are gone, however it happened, the
// shell reads end-of-file, stops the processes and removes the folders named in the last line that it read (twice: at once, and
// again when the processes are gone, which a container that collects no zombies never tells).
// Each line is the whole list (items parted by tabs), so the shell needs no bookkeeping. The trap: it must sit in its
// own session and ignore signals, or the Ctrl-C that kills us would kill it first.
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

const SCRIPT = `
trap '' INT TERM HUP
last=
while IFS= read -r line; do last=$line; done
set -f
IFS='\t'
each() { for item in $last; do case $item in /*) ;; *) kill -s "\${1:-\${item%% *}}" "\${item#* }" && alive=1 ;; esac; done; }
remove() { for item in $last; do case $item in /*) rm -rf -- "$item" ;; esac; done; }
each ''
remove
n=0; alive=1
while [ -n "$alive" ] && [ $n -lt 50 ]; do alive=; each 0; n=$((n+1)); [ -n "$alive" ] && sleep 0.1; done
each KILL
remove
`;

export type StopSignal = "SIGTERM" | "SIGINT" | "SIGQUIT";

const items = new Set<string>();
let watcher: ChildProcess | undefined;

function startWatcher(): ChildProcess {
  const child = spawn("sh", ["-c", SCRIPT], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}

function tell(): void {
  if (items.size === 0) {
    watcher?.stdin?.end("\n");
    watcher = undefined;
    return;
  }
  watcher ??= startWatcher();
  watcher.stdin?.write(`${[...items].join("\t")}\n`);
}

function guard(item: string): () => void {
  items.add(item);
  tell();
  return () => {
    if (items.delete(item)) tell();
  };
}

/** Has process `pid` stopped with `signal` (and with SIGKILL five seconds later) when this process is gone. Call the answer once the process has ended: its pid may be given to another. */
export function guardProcess(pid: number, signal: StopSignal): () => void {
  return guard(`${signal.slice(3)} ${pid}`);
}

/** Has the folder (absolute path) removed when this process is gone. Call the answer once the folder has been removed. */
export function guardFolder(path: string): () => void {
  if (!path.startsWith("/") || /[\t\n]/.test(path)) {
    throw new Error(
      `Cannot guard the folder ${JSON.stringify(path)}: the path must be absolute, without tabs or line breaks.`,
    );
  }
  return guard(path);
}
