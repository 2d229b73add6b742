/**
 * A clock that stands still until it is set or slept: a test of an hour takes no time, and shows the same times each run.
 * Two sleeps begun together end together, as they would in real time.
 */
import type { Instant } from "../../core/time.ts";
import type { Clock } from "../../ports.ts";

/** A clock at `start`. Sleeping moves it on; `set` may also turn it back. */
export function createMemoryClock(start: Instant): Clock & { set(instant: Instant): void } {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms) => {
      const until = now + ms;
      await Promise.resolve();
      now = Math.max(now, until);
    },
    set: (instant) => {
      now = instant;
    },
  };
}
