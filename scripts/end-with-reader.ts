/**
 * A script ends when nobody is there any more: its reader has gone (`npm run sql -- "…" | head`), or the npm that started it.
 *
 * Two traps. A pipe that nobody reads is an error event, which without a listener is a stack trace over the output. And npm
 * hands a SIGTERM to its shell, which ends and leaves the script behind as nobody's child: so the script looks who its parent is.
 */
const LOOK_MS = 500;

/** Once, at the beginning of a script. Where something is to be closed, it is closed as after a SIGTERM. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      end();
    });
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, LOOK_MS);
  watch.unref();
}

function end(): void {
  if (process.listenerCount("SIGTERM") === 0) process.exit();
  process.kill(process.pid, "SIGTERM");
}
