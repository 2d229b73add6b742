import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPacer } from "../../src/tick/pacer.ts";
import { createTimerClock } from "../support/timer-clock.ts";

const RULE = { perSecond: 1, burst: 2 };

/** Who gets its turn when, of callers that come at these instants; null: told that it comes too late. */
async function turns(comeAt: readonly number[], deadline: number): Promise<(number | null)[]> {
  const clock = createTimerClock(0);
  const pacer = createPacer(RULE, clock, deadline);
  const caller = async (at: number) => {
    await clock.sleep(at);
    return (await pacer.turn()) ? clock.now() : null;
  };
  return clock.drive(Promise.all(comeAt.map(caller)));
}

describe("a pacer", () => {
  test("lets a burst by, then one a second, in the order of coming", async () => {
    expect(await turns([0, 0, 0, 0, 100], 60_000)).toEqual([0, 0, 1_000, 2_000, 3_000]);
  });

  test("tells who would come too late at once", async () => {
    expect(await turns([0, 0, 0, 0, 0], 1_500)).toEqual([0, 0, 1_000, null, null]);
    expect(await turns([2_000], 2_000)).toEqual([null]);
  });

  test("keeps the limit and the order whatever comes, and leaves nobody waiting", async () => {
    const comings = fc.array(fc.nat(20_000), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(comings, fc.integer({ min: 1, max: 25_000 }), async (unsorted, deadline) => {
        const comeAt = unsorted.sort((a, b) => a - b);
        const at = await turns(comeAt, deadline);
        const went = at.filter((instant) => instant !== null);
        expect(went).toEqual([...went].sort((a, b) => a - b));
        went.forEach((from, i) => {
          const within = (until: number) => went.filter((each) => each >= from && each <= until).length;
          const until = went[Math.min(went.length - 1, i + 5)]!;
          expect(within(until)).toBeLessThanOrEqual(RULE.burst + (until - from) / 1_000);
          expect(from).toBeLessThan(deadline);
        });
        // Who had a chance of going in time went: nobody is sent away for others' sake.
        const late = comeAt.filter((_, i) => at[i] === null);
        for (const came of late) expect(came + 1_000 * (went.length + 1)).toBeGreaterThanOrEqual(deadline);
      }),
      { numRuns: 60 },
    );
  });
});
