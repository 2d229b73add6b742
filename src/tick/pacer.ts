/**
 * A line before a limit: who comes waits for a token behind those who came before, and only the first of the line sleeps.
 * So calls go out at the limit's pace without ever being refused by it, while those that went out before are still under way.
 *
 * The trap is a deadline inside the wait: a turn that would come after it is told so at once, and nobody waits for nothing.
 */
import { type Bucket, type BucketRule, takeToken } from "../core/limiter.ts";
import type { Instant } from "../core/time.ts";
import type { Clock } from "../ports.ts";

export type Pacer = {
  /** Waits for this caller's turn; false where it would only come at the deadline or later. */
  turn(): Promise<boolean>;
};

export function createPacer(rule: BucketRule, clock: Clock, deadline: Instant): Pacer {
  let bucket: Bucket | null = null;
  let line: Promise<unknown> = Promise.resolve();

  async function waitAtHead(): Promise<boolean> {
    for (;;) {
      const now = clock.now();
      if (now >= deadline) return false;
      const taken = takeToken(bucket, rule, now);
      bucket = taken.bucket;
      if (taken.waitMs === 0) return true;
      if (now + taken.waitMs >= deadline) return false;
      await clock.sleep(taken.waitMs);
    }
  }

  return {
    turn() {
      const mine = line.then(waitAtHead);
      line = mine.catch(() => {});
      return mine;
    },
  };
}
