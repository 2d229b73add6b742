import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FLY_ACTIONS, FLY_GETS, OUR_ACTIONS, OUR_GETS } from "../../src/core/fly-limits.ts";
import { type Bucket, type BucketRule, takeToken } from "../../src/core/limiter.ts";

/** When calls leave that all want to at once, or after pauses: as early as the rule lets them. */
function departures(rule: BucketRule, pausesMs: readonly number[]): number[] {
  let [bucket, now]: [Bucket | null, number] = [null, 0];
  return pausesMs.map((pauseMs) => {
    now += pauseMs;
    for (;;) {
      const taken = takeToken(bucket, rule, now);
      bucket = taken.bucket;
      if (taken.waitMs === 0) return now;
      now += taken.waitMs;
    }
  });
}

function refusedOnArrival(rule: BucketRule, arrivals: readonly number[]): number {
  let bucket: Bucket | null = null;
  let refused = 0;
  for (const at of [...arrivals].sort((a, b) => a - b)) {
    const taken = takeToken(bucket, rule, at);
    bucket = taken.bucket;
    if (taken.waitMs > 0) refused += 1;
  }
  return refused;
}

describe.each([
  ["actions", OUR_ACTIONS, FLY_ACTIONS],
  ["reads of a machine", OUR_GETS, FLY_GETS],
])("our limit for %s", (_, ours, flys) => {
  test("is met by nothing at Fly, where calls are on their way for up to a second", () => {
    const call = fc.record({ pauseMs: fc.nat(2_500), delayMs: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const left = departures(
          ours,
          calls.map(({ pauseMs }) => (pauseMs > 1_500 ? pauseMs : 0)),
        );
        expect(
          refusedOnArrival(
            flys,
            left.map((at, i) => at + calls[i]!.delayMs),
          ),
        ).toBe(0);
      }),
    );
  });

  test("used to Fly's last token would be", () => {
    const left = departures(flys, Array<number>(flys.burst + flys.perSecond).fill(0));
    const slowFirst = left.map((at, i) => at + (i < flys.burst ? 900 : 0));
    expect(refusedOnArrival(flys, slowFirst)).toBeGreaterThan(0);
  });

  test("is as quick in the long run", () => expect(ours.perSecond).toBe(flys.perSecond));
});
