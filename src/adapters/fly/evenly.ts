/**
 * Calls that others went before: a create reads its template first, and may make a volume. The guard counted it when it began; by
 * the time that its last call goes out, those before it have taken more or less long, and two may leave at once. So the calls
 * that Fly counts by app are spaced once more where they leave, in the order of coming.
 */
import { OUR_ACTIONS } from "../../core/fly-limits.ts";
import { type Bucket, takeToken } from "../../core/limiter.ts";
import type { Clock } from "../../ports.ts";

/** Resolves when the next call of this key may leave. */
export type Evenly = (key: string) => Promise<void>;

export function createEvenly(clock: Clock): Evenly {
  const buckets = new Map<string, Bucket>();
  const lines = new Map<string, Promise<void>>();

  async function wait(key: string): Promise<void> {
    for (;;) {
      const { bucket, waitMs } = takeToken(buckets.get(key) ?? null, OUR_ACTIONS, clock.now());
      buckets.set(key, bucket);
      if (waitMs === 0) return;
      await clock.sleep(waitMs);
    }
  }

  return (key) => {
    const mine = (lines.get(key) ?? Promise.resolve()).then(() => wait(key));
    lines.set(
      key,
      mine.catch(() => {}),
    );
    return mine;
  };
}
