import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bucket, takeToken } from "../../src/core/limiter.ts";

const FLY = { perSecond: 1, burst: 3 };

describe("a token bucket", () => {
  test("lets a burst by, then one a second", () => {
    let bucket: Bucket | null = null;
    const waits: number[] = [];
    for (const now of [0, 0, 0, 0, 400, 999, 1_000, 1_000, 9_000, 9_000, 9_000, 9_000]) {
      const taken = takeToken(bucket, FLY, now);
      bucket = taken.bucket;
      waits.push(taken.waitMs);
    }
    expect(waits).toEqual([0, 0, 0, 1_000, 600, 1, 0, 1_000, 0, 0, 0, 1_000]);
  });

  test("never lets more by than burst and rate allow, and what it says to wait for is there then", () => {
    const rule = fc.record({
      perSecond: fc.constantFrom(0.1, 0.3, 1, 5, 7),
      burst: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(rule, fc.array(fc.integer({ min: -500, max: 3_000 }), { maxLength: 80 }), (rule, moves) => {
        let [bucket, now, passed]: [Bucket | null, number, number] = [null, 0, 0];
        const first = moves[0] ?? 0;
        let latest = first;
        for (const move of moves) {
          now += move;
          latest = Math.max(latest, now);
          const taken = takeToken(bucket, rule, now);
          bucket = taken.bucket;
          if (taken.waitMs === 0) passed += 1;
          else expect(takeToken(bucket, rule, Math.max(now, bucket.at) + taken.waitMs).waitMs).toBe(0);
          expect(passed).toBeLessThanOrEqual(rule.burst + ((latest - first) / 1_000) * rule.perSecond + 1e-6);
        }
      }),
    );
  });
});
