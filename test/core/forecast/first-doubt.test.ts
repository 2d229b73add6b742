// Before a lead was judged nobody knows how far it misses: the first hours are wide, and what was learned takes over.
import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { firstDoubt } from "../../../src/core/forecast/first-doubt.ts";
import { ROWS } from "../../../src/core/forecast/lead.ts";
import { maxOver } from "../../../src/core/forecast/peaks.ts";
import { emptyState, type ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_DAY = DAY_MS / BIN_MS;
const START = Date.UTC(2026, 5, 1);
const { update, forecast } = ensembleForecaster("UTC", BIN_MS);

function learn(values: readonly number[], start = START): ForecastState {
  return update(null, { start, binMs: BIN_MS, values }, [], start + values.length * BIN_MS);
}

/** Loads at quantiles of the bin that is `aheadMs` away. */
function at(state: ForecastState, aheadMs: number, quantiles: readonly number[]): number[] {
  const from = state.through + aheadMs - BIN_MS;
  return forecast(state, { from, until: from + BIN_MS, quantiles }).load.map((curve) => curve[0]!);
}

describe("one sample", () => {
  const one = learn([1_000]);

  it.each([
    [5 * MINUTE_MS, 1.2],
    [HOUR_MS, 1.5],
    [6 * HOUR_MS, 2],
    [DAY_MS, 1.5],
  ])("is the median %d ms ahead, and the 0.95 quantile is well above it", (aheadMs, least) => {
    const [low, middle, high] = at(one, aheadMs, [0.05, 0.5, 0.95]);
    expect(middle! / 1_000).toBeGreaterThan(0.95);
    expect(middle! / 1_000).toBeLessThan(1.05);
    expect(high! / 1_000).toBeGreaterThan(least);
    expect(low! / 1_000).toBeLessThan(1 / least + 0.1);
  });

  it("has a highest bin of the day that nobody would be surprised by", () => {
    expect(maxOver(one, { from: one.through, until: one.through + DAY_MS }, 0.95)).toBeGreaterThan(2_000);
  });

  it("of nothing says nothing", () => {
    expect(at(learn([0]), 6 * HOUR_MS, [0.5, 0.99])).toEqual([0, 0]);
  });
});

describe("the least spread", () => {
  const lead = (state: ForecastState, leadMs: number) => state.leads.find((one) => one.leadMs === leadMs)!;

  it("grows with what is forecast, shrinks with what was judged, and is widest half a day away", () => {
    const state = emptyState("UTC", START);
    const of = (leadMs: number, median = 10) => firstDoubt(state, lead(state, leadMs), median);
    expect(of(HOUR_MS, 20)).toBeCloseTo(2 * of(HOUR_MS), 9);
    const leads = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS].map((leadMs) => of(leadMs));
    expect(leads).toEqual([...leads].sort((a, b) => a - b));
    expect(of(DAY_MS)).toBeLessThan(of(12 * HOUR_MS));
    const hour = lead(state, HOUR_MS);
    const whole = of(HOUR_MS);
    hour.tally[ROWS] = 6;
    expect(of(HOUR_MS)).toBeCloseTo(whole / 2, 9);
    hour.tally[ROWS] = 12;
    expect(of(HOUR_MS)).toBe(0);
  });

  it("is nothing after the first day, but at a lead that was never judged", () => {
    const random = createRandom("second day");
    const state = learn(Array.from({ length: PER_DAY + 1 }, () => random.poisson(500)));
    for (const one of state.leads) {
      if (one.leadMs < DAY_MS) expect(firstDoubt(state, one, 8)).toBe(0);
      else expect(firstDoubt(state, one, 8)).toBeGreaterThan(0);
    }
    const later = learn(Array.from({ length: PER_DAY + 20 }, () => random.poisson(500)));
    expect(later.leads.map((one) => firstDoubt(later, one, 8)).every((doubt) => doubt === 0)).toBe(true);
  });
});

it("covers what comes on first days, begun at four hours of the day: 0.95 says at least 0.85 at every lead", () => {
  const seen = new Map<number, [number, number]>();
  for (const [seed, hour] of [
    ["a", 0],
    ["b", 6],
    ["c", 12],
    ["d", 18],
  ] as const) {
    const random = createRandom(`first day ${seed}`);
    const start = START + hour * HOUR_MS;
    const load = (t: Instant) => random.poisson(500 + 300 * Math.sin((2 * Math.PI * t) / DAY_MS));
    const values = Array.from({ length: 2 * PER_DAY }, (_, i) => load(start + i * BIN_MS));
    for (let i = 1; i < PER_DAY; i += 7) {
      const state = learn(values.slice(0, i), start);
      for (const bins of [1, 3, 12, 72, 144, 216, 288]) {
        const [high] = at(state, bins * BIN_MS, [0.95]);
        const [under, all] = seen.get(bins) ?? [0, 0];
        seen.set(bins, [under + (values[i + bins - 1]! <= high! ? 1 : 0), all + 1]);
      }
    }
  }
  for (const [bins, [under, all]] of seen) expect(under / all, `${bins} bins ahead`).toBeGreaterThan(0.85);
});
