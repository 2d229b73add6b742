// Whoever starts something adds its closer here; close() runs them in reverse, exactly once, even when one throws.
// A first SIGINT, SIGTERM or SIGHUP does the same and then ends the process as that signal would have; a second one
// does not wait, and leaves the rest to the watchdog. The trap: servers must be in process groups of their own,
// or the terminal's Ctrl-C reaches them before us and they complain on their way out.
import { constants } from "node:os";

type Closer = () => void | Promise<void>;

export interface Cleanup {
  /** Adds a closer; when closing has already begun, it runs at once. */
  add(close: Closer): void;
  /** Runs all closers, the last one first. Every call gets the same promise. Throws AggregateError when closers failed. */
  close(): Promise<void>;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @param signals whether SIGINT, SIGTERM and SIGHUP close and end the process (default), or only close() closes */
export function createCleanup({ signals = true }: { signals?: boolean } = {}): Cleanup {
  const closers: Closer[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let closer = closers.pop(); closer; closer = closers.pop()) {
      try {
        await closer();
      } catch (error) {
        errors.push(error);
      }
    }
    if (signals) for (const name of SIGNALS) process.off(name, onSignal);
    if (errors.length > 0)
      throw new AggregateError(
        errors,
        `${errors.length} part(s) of the local stack did not close: ${errors.map(String).join("; ")}`,
      );
  }

  function close(): Promise<void> {
    closing ??= closeAll();
    return closing;
  }

  let signalled = false;
  function onSignal(signal: NodeJS.Signals): void {
    if (signalled) process.exit(128 + constants.signals[signal]);
    signalled = true;
    // Whoever was still talking to a server that goes now may fail in any way; that must not cut the cleaning short.
    process.on("uncaughtException", () => {});
    process.on("unhandledRejection", () => {});
    const end = () => process.kill(process.pid, signal);
    close().then(end, end);
  }

  if (signals) for (const name of SIGNALS) process.on(name, onSignal);
  return {
    close,
    add(closer) {
      if (closing)
        void Promise.resolve()
          .then(closer)
          .catch(() => {});
      else closers.push(closer);
    },
  };
}
