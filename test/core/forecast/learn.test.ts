/** The order in which a bin is learned, and what one absurd bin may not do. */
import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { binAt } from "../../../src/core/forecast/grid.ts";
import { learner } from "../../../src/core/forecast/learn.ts";
import { DEV_1H, DEV_6H, LEVEL_1H, rootAt, trackAt } from "../../../src/core/forecast/memory.ts";
import { copyState, emptyState, type ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_DAY = DAY_MS / BIN_MS;
const START = Date.UTC(2026, 5, 1);

const shop = (i: number) => 500 + 400 * Math.sin(2 * Math.PI * (i / PER_DAY - 1 / 3));

function learn(bins: number, load: (i: number) => number): ForecastState {
  const state = emptyState("UTC", START);
  const learnBin = learner(state);
  const first = binAt(state, START);
  for (let i = 0; i < bins; i++) learnBin(first + i, load(i));
  state.through = START + bins * BIN_MS;
  return state;
}

function noisy(absurd: { at: number; times: number } | null) {
  const random = createRandom("absurd");
  return (i: number) => shop(i) * random.logNormal(1, 0.05) * (i === absurd?.at ? absurd.times : 1);
}

describe("one absurd bin", () => {
  const at = 14 * PER_DAY + 120;
  const medianAhead = (state: ForecastState, ms: number) => {
    const from = state.through + ms;
    const request = { from, until: from + BIN_MS, quantiles: [0.5, 0.95] };
    return ensembleForecaster("UTC", BIN_MS)
      .forecast(state, request)
      .load.map((curve) => curve[0]!);
  };

  // A counter that wraps reads four thousand million once.
  it.each([1e2, 1e4, 1e7, 1e9])(
    "of %d times the load leaves the next hours and days as they were",
    (times) => {
      for (const bins of [3, 12, PER_DAY - 12, 2 * PER_DAY]) {
        const [plain, odd] = [null, { at, times }].map((absurd) => learn(at + 1 + bins, noisy(absurd)));
        for (const ms of [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS]) {
          const [[median = 0, high = 0], [oddMedian = 0, oddHigh = 0]] = [
            medianAhead(plain!, ms),
            medianAhead(odd!, ms),
          ];
          expect(Math.abs(oddMedian / median - 1), `median ${bins} bins later, ${ms} ms ahead`).toBeLessThan(
            0.1,
          );
          expect(Math.abs(oddHigh / high - 1), `q0.95 ${bins} bins later, ${ms} ms ahead`).toBeLessThan(0.2);
        }
      }
    },
  );

  it("is believed when the next confirms it", () => {
    const state = learn(at + 12, (i) => (i >= at ? 20 : 1) * shop(i));
    expect(medianAhead(state, 15 * MINUTE_MS)[0]! / shop(at + 15)).toBeGreaterThan(8);
  });
});

describe("the order", () => {
  it("judges a bin before it is learned: a first surprise is missed whole by all leads", () => {
    const flat = learn(10 * PER_DAY, () => 1_000);
    const before = flat.leads.map(({ misses }) => misses.slice());
    const state = copyState(flat);
    const learnBin = learner(state);
    for (let i = 0; i < 12; i++) learnBin(state.memory.last + 1, 8_000);
    state.leads.forEach((lead, rank) => {
      const grew = lead.misses[0]! - before[rank]![0]!;
      // Each judged bin of a lead of an hour or more was forecast before the surprise: off by ten roots.
      if (lead.bins > 12 && grew > 0.5) expect(grew).toBeGreaterThan(9);
    });
    expect(state.leads.some((lead, rank) => lead.misses[0]! - before[rank]![0]! > 9)).toBe(true);
  });

  it("learns the same of every bin, whether the learner is made once or for each", () => {
    const whole = learn(3 * PER_DAY, shop);
    const state = emptyState("UTC", START);
    for (let i = 0; i < 3 * PER_DAY; i++) learner(state)(binAt(state, START) + i, shop(i));
    state.through = whole.through;
    expect(state).toEqual(whole);
  });
});

describe("a gap", () => {
  const known = learn(5 * PER_DAY + 6, (i) => (i >= 5 * PER_DAY ? 2 : 1) * shop(i));
  const gapAfter = (bins: number) => {
    const state = copyState(known);
    const learnBin = learner(state);
    for (let i = 0; i < bins; i++) learnBin(state.memory.last + 1, Number.NaN);
    return state;
  };

  it("teaches nothing: profile, weights, errors and misses stay", () => {
    const state = gapAfter(40);
    expect(state.profile).toEqual(known.profile);
    expect(state.leads).toEqual(known.leads);
    expect(state.pulse).toEqual(known.pulse);
    expect(rootAt(state.memory, state.memory.last)).toBeNaN();
  });

  it("lets today's deviation fade in hours, and keeps the level", () => {
    const deviationAfter = (bins: number) => {
      const { memory } = gapAfter(bins);
      return trackAt(memory, DEV_1H, memory.last);
    };
    expect(deviationAfter(0)).toBeGreaterThan(0.5);
    expect(deviationAfter(72)).toBeLessThan(0.5 * deviationAfter(0));
    expect(deviationAfter(2 * PER_DAY)).toBeLessThan(0.05);
    const { memory } = gapAfter(72);
    expect(trackAt(memory, LEVEL_1H, memory.last)).toBe(trackAt(known.memory, LEVEL_1H, known.memory.last));
    expect(trackAt(memory, DEV_6H, memory.last)).toBeLessThan(
      trackAt(known.memory, DEV_6H, known.memory.last),
    );
  });
});
