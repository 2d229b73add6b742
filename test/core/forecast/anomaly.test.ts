import { describe, expect, it } from "vitest";
import { ANOMALY_SCORE, type AnomalyKind, anomalyOf, judge } from "../../../src/core/forecast/anomaly.ts";
import { rootOf } from "../../../src/core/forecast/root.ts";
import { emptyState, type ForecastState } from "../../../src/core/forecast/state.ts";

/** A pool that was seen for three days, is expected at 1000 requests a minute, and usually misses by 0.1 roots: 3 %. */
function known(pulse: Partial<ForecastState["pulse"]> = {}): ForecastState {
  const state = emptyState("UTC", 0);
  state.profile.overallCount = 3 * 288;
  Object.assign(state.pulse, { expected: 10, miss: 0.1, highest: 12, lastLoad: 990, sameFor: 1, ...pulse });
  return state;
}

describe("a sample against its own forecast", () => {
  it.each<[string, number, AnomalyKind]>([
    ["as expected", 1_000, "none"],
    ["unusual, not odd", 1_300, "none"],
    ["one and a half times as much", 1_500, "spike"],
    ["ten times as much", 10_000, "spike"],
    ["half of it", 500, "drop"],
    ["nothing at all", 0, "drop"],
    ["not measured", Number.NaN, "missing"],
    ["the same as before, once", 990, "none"],
  ])("%s: %d is %s", (_name, load, kind) => {
    expect(anomalyOf(known(), load).kind).toBe(kind);
  });

  it("has a score in usual misses, with a sign", () => {
    expect(anomalyOf(known(), 1_000).score).toBeCloseTo(0, 9);
    expect(anomalyOf(known(), 10.3 ** 3).score).toBeCloseTo(3, 9);
    expect(anomalyOf(known(), 9.5 ** 3).score).toBeCloseTo(-5, 9);
    expect(anomalyOf(known(), (10 + 0.1 * (ANOMALY_SCORE + 0.01)) ** 3).kind).toBe("spike");
    expect(anomalyOf(known(), (10 + 0.1 * (ANOMALY_SCORE - 0.01)) ** 3).kind).toBe("none");
  });

  it("sticks at the sixth bin of one load, and not where the load is nothing", () => {
    const stuckFor = (bins: number, load = 990) =>
      anomalyOf(known({ sameFor: bins - 1, lastLoad: load }), load);
    expect([4, 5, 6, 60].map((bins) => stuckFor(bins).kind)).toEqual(["none", "none", "stuck", "stuck"]);
    const asleep = known({ sameFor: 500, lastLoad: 0, expected: 0 });
    expect(anomalyOf(asleep, 0).kind).toBe("none");
  });

  it("knows no anomaly in the first day, nor where nothing was ever missed", () => {
    const young = known();
    young.profile.overallCount = 288;
    expect(anomalyOf(young, 1e6)).toEqual({ kind: "none", score: 0 });
    expect(anomalyOf(known({ miss: 0 }), 1e6)).toEqual({ kind: "none", score: 0 });
  });
});

describe("what is learned at short range", () => {
  const limit = 1;
  const expected = 10;

  it("is the root itself within the limit, and the limit for a first odd bin", () => {
    const { pulse } = known({ expected });
    expect(judge(pulse, 10.9, rootOf(10.9), limit)).toBe(10.9);
    expect(judge(pulse, 40, 64_000, limit)).toBe(11);
    expect(judge(known({ expected }).pulse, 0, 0, limit)).toBe(9);
  });

  it("is believed from the second odd bin on, and counts from the start after a usual one", () => {
    const { pulse } = known({ expected });
    const learned = [40, 41, 42, 10, 40].map((root) => judge(pulse, root, root ** 3, limit));
    expect(learned).toEqual([11, 41, 42, 10, 11]);
  });

  it("counts how long one load stays", () => {
    const { pulse } = known({ lastLoad: -1, sameFor: 0 });
    const runs = [5, 5, 5, 6, 6].map((load) => {
      judge(pulse, rootOf(load), load, 1e9);
      return pulse.sameFor;
    });
    expect(runs).toEqual([1, 2, 3, 1, 2]);
  });
});
