import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alwaysAtPeak } from "../../../src/sim/baselines/always-at-peak.ts";
import { clairvoyant } from "../../../src/sim/baselines/clairvoyant.ts";
import { type EvaluateOptions, evaluate } from "../../../src/sim/baselines/evaluate.ts";
import { machinesFor } from "../../../src/sim/baselines/need.ts";
import { reactive } from "../../../src/sim/baselines/reactive.ts";
import { generateDemand } from "../../../src/sim/traffic/generate.ts";

const none = Number.NaN;
const rules: EvaluateOptions = { requestsPerMachine: 10, bootMinutes: 3, min: 0, max: 9 };
const desired = (values: number[], more: Partial<EvaluateOptions> = {}) => [
  ...clairvoyant(new Float64Array(values), { ...rules, ...more }),
];

describe("clairvoyant by hand", () => {
  it("boots in time and lets go at once", () => {
    expect(desired([0, 0, 0, 0, 0, 10, 0, 0])).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
  });

  it("keeps a machine through a gap that a boot would not be cheaper than", () => {
    expect(desired([10, 0, 0, 0, 10])).toEqual([1, 1, 1, 1, 1]);
    expect(desired([10, 0, 0, 0, 0, 10])).toEqual([1, 0, 1, 1, 1, 1]);
  });

  it("has a machine from the start where the first need comes before a boot could end", () => {
    expect(desired([0, 0, 10])).toEqual([1, 1, 1]);
  });

  it("treats minutes that were not recorded as free", () => {
    expect(desired([10, 0, none, none, none, 10])).toEqual([1, 0, 1, 1, 1, 1]);
    expect(desired([10, none, none, none, none, none, 10])).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it("stays within min and max", () => {
    expect(desired([0, 0, 99, 0, 0], { min: 1, max: 2 })).toEqual([2, 2, 2, 1, 1]);
  });
});

/** The fewest machine-minutes among all wishes that leave the least unserved. */
function bruteForce(series: Float64Array, options: EvaluateOptions) {
  let best = { unservedRequests: Number.POSITIVE_INFINITY, machineMinutes: Number.POSITIVE_INFINITY };
  const wish = new Int32Array(series.length).fill(options.min);
  for (;;) {
    const { unservedRequests, machineMinutes } = evaluate(series, wish, options);
    const tie = unservedRequests === best.unservedRequests && machineMinutes < best.machineMinutes;
    if (unservedRequests < best.unservedRequests || tie) best = { unservedRequests, machineMinutes };
    let digit = 0;
    while (digit < wish.length && wish[digit] === options.max) wish[digit++] = options.min;
    if (digit === wish.length) return best;
    wish[digit]!++;
  }
}

describe("clairvoyant on any series", () => {
  const minute = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 35 }) }, fc.constant(none));

  it("costs exactly what the best of all possible wishes costs", () => {
    const tiny = fc.tuple(
      fc.array(minute, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 1, max: 3 }),
    );
    const holds = fc.property(tiny, ([values, bootMinutes, min, max]) => {
      const series = new Float64Array(values);
      const options = { requestsPerMachine: 10, bootMinutes, min, max };
      const mine = evaluate(series, clairvoyant(series, options), options);
      const best = bruteForce(series, options);
      expect([mine.unservedRequests, mine.machineMinutes]).toEqual([
        best.unservedRequests,
        best.machineMinutes,
      ]);
    });
    fc.assert(holds, { numRuns: 150, seed: 1 });
  });

  it("costs exactly that on long thin series with one or two machines too", () => {
    const long = fc.tuple(
      fc.array(fc.constantFrom(0, 0, 0, 10, 20, none), { minLength: 8, maxLength: 10 }),
      fc.integer({ min: 0, max: 4 }),
    );
    const holds = fc.property(long, ([values, bootMinutes]) => {
      const series = new Float64Array(values);
      const options = { requestsPerMachine: 10, bootMinutes, min: 0, max: values.length > 9 ? 1 : 2 };
      const mine = evaluate(series, clairvoyant(series, options), options);
      const best = bruteForce(series, options);
      expect([mine.unservedRequests, mine.machineMinutes]).toEqual([
        best.unservedRequests,
        best.machineMinutes,
      ]);
    });
    fc.assert(holds, { numRuns: 60, seed: 2 });
  });

  it("is never short below max, and no dearer than any policy that is never short either", () => {
    const any = fc.tuple(
      fc.array(minute, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 0, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 200, maxLength: 200 }),
    );
    const holds = fc.property(any, ([values, bootMinutes, spare]) => {
      const series = new Float64Array(values);
      const options = { requestsPerMachine: 10, bootMinutes, min: 0, max: 4 };
      const wish = clairvoyant(series, options);
      const mine = evaluate(series, wish, options);
      expect(mine.shortMinutes).toBe(0);
      const rivals = [
        alwaysAtPeak(series, options),
        reactive(series, { ...options, everyMinutes: 1, targetUse: 0.5 }),
        Int32Array.from(values, (value, i) => Math.max(machinesFor(value, 10), spare[i]!)),
        wish.map((count, i) => count - (spare[i] === 0 ? 1 : 0)),
      ];
      for (const rival of rivals.map((one) => evaluate(series, one, options))) {
        if (rival.shortMinutes === 0) expect(mine.machineMinutes).toBeLessThanOrEqual(rival.machineMinutes);
      }
    });
    fc.assert(holds, { numRuns: 300, seed: 3 });
  });

  it("is never short on generated weeks, and the order of the baselines is as it must be", () => {
    const start = Date.parse("2026-03-02T00:00:00Z");
    const demand = generateDemand({ seed: 3, start, days: 14, app: "shop", processGroup: "app" });
    for (const { requests } of demand.pools) {
      const options = { requestsPerMachine: 500, bootMinutes: 2, min: 1, max: 20 };
      const best = evaluate(requests, clairvoyant(requests, options), options);
      const peak = evaluate(requests, alwaysAtPeak(requests, options), options);
      const react = evaluate(requests, reactive(requests, { ...options, everyMinutes: 15 }), options);
      expect([best.shortMinutes, peak.shortMinutes]).toEqual([0, 0]);
      expect(react.shortMinutes).toBeGreaterThan(0);
      expect(best.machineMinutes).toBeLessThan(0.6 * peak.machineMinutes);
      expect(best.peak).toBe(peak.peak);
    }
  });
});
