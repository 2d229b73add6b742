/**
 * A virtual clock on which many may sleep at once and each wakes at its own instant, as in real time: for what is about
 * calls that overlap. The memory clock only knows sleeps that end together.
 */
import type { Instant } from "../../src/core/time.ts";
import type { Clock } from "../../src/ports.ts";

export type TimerClock = Clock & {
  /** Moves time from one sleeper to the next until `work` is done. */
  drive<T>(work: Promise<T>): Promise<T>;
};

export function createTimerClock(start: Instant): TimerClock {
  let now = start;
  const sleepers: { at: Instant; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((wake) => void sleepers.push({ at: now + Math.max(0, ms), wake })),
    async drive(work) {
      let done = false;
      const ended = () => {
        done = true;
      };
      work.then(ended, ended);
      for (;;) {
        // All that can go on without time passing goes on first.
        await new Promise((resolve) => setImmediate(resolve));
        if (done) return work;
        const next = sleepers.sort((a, b) => a.at - b.at).shift();
        if (next === undefined) throw new Error("nobody sleeps, and the work does not end");
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}
