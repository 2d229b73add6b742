import { expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { recentLoads } from "../../../src/core/forecast/recent-loads.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../../../src/core/time.ts";
import { minutesFrom, NOW } from "../examples.ts";

const BIN_MS = 5 * MINUTE_MS;
const load = (at: number) => 300 + 200 * Math.sin((2 * Math.PI * at) / DAY_MS) + (at % (7 * MINUTE_MS)) / 1e4;
const peakOf = (at: number) => Math.max(...[0, 1, 2, 3, 4].map((minute) => load(at + minute * MINUTE_MS)));

const learned = NOW - 15 * MINUTE_MS;
const state = ensembleForecaster("UTC").update(
  null,
  minutesFrom(NOW - 10 * DAY_MS, 10 * 24 * 60 - 15, load),
  [],
  learned,
);
/** What a tick reads: a while back, and up to the last whole minute; a gap in the newest bins. */
const samples = minutesFrom(NOW - HOUR_MS, 62, (at) => (at >= NOW - 10 * MINUTE_MS ? Number.NaN : load(at)));

it("is a week up to the bin of now: the last day to the hundredth, older within a thousandth, gaps as gaps", () => {
  const { start, binMs, values } = recentLoads(state, samples, NOW + 2 * MINUTE_MS);
  expect([start, binMs, values.length]).toEqual([NOW - WEEK_MS, BIN_MS, WEEK_MS / BIN_MS]);
  expect(values.slice(-3).map(Number.isNaN)).toEqual([false, true, true]);
  values.slice(0, -2).forEach((value, i) => {
    const real = peakOf(start + i * BIN_MS);
    const exact = start + i * BIN_MS > NOW - DAY_MS;
    expect(Math.abs(value - real)).toBeLessThanOrEqual(exact ? 0.0051 : 0.001 * real + 0.0051);
  });
});

it("of a pool without a state is what was measured, and of one without samples what was learned", () => {
  const young = recentLoads(null, samples, NOW);
  expect([young.start, young.values.length]).toEqual([NOW - HOUR_MS, 12]);
  const known = recentLoads(state, null, NOW);
  expect(known.values.slice(-4).map(Number.isNaN)).toEqual([false, true, true, true]);
  expect(recentLoads(null, null, NOW).values).toEqual([]);
});
