/** What every form of CallLimit promises while it can be reached: the bucket of src/core/limiter.ts, on the harness's clock. */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bucket, takeToken } from "../../src/core/limiter.ts";
import type { CallLimit } from "../../src/ports.ts";

export type CallLimitHarness = {
  readonly limit: CallLimit;
  setNow(now: number): void;
  close?(): Promise<void>;
};

const FLY = { perSecond: 1, burst: 3 };
const NOW = Date.UTC(2026, 4, 1);

export function describeCallLimit(name: string, make: () => Promise<CallLimitHarness>): void {
  describe(`call limit: ${name}`, () => {
    let harness: CallLimitHarness;
    let key: string;

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      key = randomUUID();
      harness.setNow(NOW);
    });

    async function take(which = key, rule = FLY): Promise<number> {
      const answer = await harness.limit.take(which, rule);
      if (answer === "unavailable") throw new Error("the limit is unavailable");
      return answer.waitMs;
    }

    it("lets a burst by, then says how long to wait; each key by itself", async () => {
      expect([await take(), await take(), await take(), await take()]).toEqual([0, 0, 0, 1_000]);
      harness.setNow(NOW + 250);
      expect(await take()).toBe(750);
      expect(await take(`${key}:other`)).toBe(0);
      harness.setNow(NOW + 1_000);
      expect([await take(), await take()]).toEqual([0, 1_000]);
    });

    it("gives twenty who ask at once no more than the burst", async () => {
      const waits = await Promise.all(Array.from({ length: 20 }, () => take()));
      expect(waits.filter((wait) => wait === 0)).toHaveLength(3);
    });

    it("is the bucket of core, on any sequence of times, backwards too", async () => {
      const rules = fc.constantFrom(FLY, { perSecond: 5, burst: 10 }, { perSecond: 0.3, burst: 1 });
      const moves = fc.array(fc.integer({ min: -400, max: 2_500 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(rules, moves, async (rule, list) => {
          const id = randomUUID();
          let [now, bucket]: [number, Bucket | null] = [NOW, null];
          for (const move of list) {
            now += move;
            harness.setNow(now);
            const wanted = takeToken(bucket, rule, now);
            bucket = wanted.bucket;
            // What is kept as text is rounded: a millisecond at the edge.
            expect(Math.abs((await take(`${key}:${id}`, rule)) - wanted.waitMs)).toBeLessThanOrEqual(1);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
