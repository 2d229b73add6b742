/**
 * Samples that come late, in another order, twice, corrected or dated oddly; ticks that come late; states that are built anew.
 * What `update` alone promises: order and batches mean nothing, fifteen minutes are waited, and what comes later than that is as if it
 * had never come. To learn it the tick goes back (test/tick/relearn.test.ts).
 */
import { describe, expect, it } from "vitest";
import { encodeState } from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { seriesSince, type TrafficSeries, toSeries } from "../../../src/core/traffic.ts";
import { createRandom, type Random } from "../../../src/sim/random.ts";

const START = Date.UTC(2026, 5, 1);
const BIN_MS = 5 * MINUTE_MS;
const forecaster = ensembleForecaster("Europe/Berlin");

type Arrival = { readonly at: Instant; readonly requests: number; readonly arrives: Instant };

/** Minutes of a shop, each with the instant at which it arrives. */
function arrivals(days: number, delayMs: (random: Random, at: Instant) => number): Arrival[] {
  const [loads, delays] = [createRandom("loads"), createRandom("delays")];
  return Array.from({ length: (days * DAY_MS) / MINUTE_MS }, (_, i) => {
    const at = START + i * MINUTE_MS;
    const daily = 500 + 400 * Math.sin((2 * Math.PI * at) / DAY_MS);
    return { at, requests: loads.poisson(daily), arrives: at + MINUTE_MS + delayMs(delays, at) };
  });
}

/** Ticks of five minutes, each with what has arrived by then, in any order; samples are read from where the state stands. */
function live(all: readonly Arrival[], until: Instant): ForecastState {
  let state: ForecastState | null = null;
  const byArrival = [...all].sort((a, b) => a.arrives - b.arrives);
  const stored = new Map<Instant, Arrival>();
  let next = 0;
  for (let now = START + BIN_MS; now <= until; now += BIN_MS) {
    while (next < byArrival.length && byArrival[next]!.arrives <= now) {
      stored.set(byArrival[next]!.at, byArrival[next]!);
      next++;
    }
    const from: number = state?.through ?? START;
    const known: Arrival[] = [];
    for (let at = from; at < now; at += MINUTE_MS) if (stored.has(at)) known.push(stored.get(at)!);
    state = forecaster.update(state, toSeries(known, from, now, MINUTE_MS), [], now);
  }
  return state!;
}

function forecastOf(state: ForecastState, from = state.through): number[] {
  return forecaster.forecast(state, { from, until: from + DAY_MS, quantiles: [0.1, 0.5, 0.95] }).load.flat();
}

/** The largest distance between two forecasts, as a share of the load. */
function apart(one: ForecastState, other: ForecastState): number {
  const [a, b] = [forecastOf(one), forecastOf(other)];
  return Math.max(...a.map((load, i) => Math.abs(load - b[i]!) / (1 + b[i]!)));
}

const END = START + 8 * DAY_MS;
const UNTIL = END + 30 * MINUTE_MS;
const punctual = live(
  arrivals(8, () => 0),
  UNTIL,
);

describe("samples in another order", () => {
  it("give the same state to the bit, however a batch is shuffled", () => {
    const all = arrivals(8, () => 0);
    const random = createRandom("shuffle");
    const shuffled = all.map((sample) => ({ sample, key: random.next() })).sort((a, b) => a.key - b.key);
    const [inOrder, permuted] = [all, shuffled.map(({ sample }) => sample)].map((samples) =>
      forecaster.update(null, toSeries(samples, START, END, MINUTE_MS), [], END),
    );
    expect(permuted).toEqual(inOrder);
  });

  it("give the same state to the bit where each is late by the same ten minutes", () => {
    expect(
      live(
        arrivals(8, () => 10 * MINUTE_MS),
        UNTIL,
      ),
    ).toEqual(punctual);
  });

  // A bin whose last minute is there is learned with what there is: of five minutes that overtake one another some peak is missed.
  it("give nearly the same state where each is late by chance, up to four minutes", () => {
    const permuted = live(
      arrivals(8, (random) => random.int(0, 4) * MINUTE_MS),
      UNTIL,
    );
    expect(permuted.through).toBe(punctual.through);
    expect(apart(permuted, punctual)).toBeLessThan(0.05);
  });
});

describe("samples that come too late", () => {
  const outage = (at: Instant) => at >= START + 6 * DAY_MS && at < START + 6 * DAY_MS + 3 * HOUR_MS;

  it("are as if they had never come: the state is that of a gap, to the bit", () => {
    const late = live(
      arrivals(8, (_, at) => (outage(at) ? DAY_MS : 0)),
      UNTIL,
    );
    const never = live(
      arrivals(8, () => 0).filter(({ at }) => !outage(at)),
      UNTIL,
    );
    expect(late).toEqual(never);
    expect(late.profile.overallCount).toBe(punctual.profile.overallCount - 36);
  });

  it("cost little a day later: the forecast is nearly that of samples in time", () => {
    const never = live(
      arrivals(8, () => 0).filter(({ at }) => !outage(at)),
      UNTIL,
    );
    expect(apart(never, punctual)).toBeLessThan(0.03);
  });

  it("change nothing where they correct a bin that is learned, until the state is built anew", () => {
    const wrong = arrivals(8, () => 0).map((sample) =>
      outage(sample.at) ? { ...sample, requests: 0 } : sample,
    );
    const right = arrivals(8, () => 0);
    const learned = forecaster.update(null, toSeries(wrong, START, END, MINUTE_MS), [], END);
    const corrected = toSeries(right, START, END, MINUTE_MS);
    expect(forecaster.update(learned, corrected, [], END)).toEqual(learned);
    expect(forecaster.update(null, corrected, [], END)).not.toEqual(learned);
  });

  it("count where the bin is not learned yet: of two samples of a minute the later", () => {
    const now = START + 10 * MINUTE_MS;
    const twice = [
      ...arrivals(1, () => 0).slice(0, 10),
      { at: START + 2 * MINUTE_MS, requests: 9_999, arrives: now },
    ];
    const state = forecaster.update(null, toSeries(twice, START, now, MINUTE_MS), [], now);
    expect(state.journal[(START / BIN_MS) % state.journal.length]).toBe(9_999);
  });
});

describe("clocks", () => {
  const minutes = (from: Instant, count: number, load: number): TrafficSeries => ({
    start: from,
    binMs: MINUTE_MS,
    values: new Array<number>(count).fill(load),
  });

  it("learns nothing, and loses nothing, where a tick's clock is behind", () => {
    const { through } = punctual;
    for (const behindMs of [MINUTE_MS, DAY_MS, 400 * DAY_MS]) {
      const state = forecaster.update(punctual, minutes(through, 60, 100), [], through - behindMs);
      expect(state).toEqual(punctual);
    }
  });

  it("does not learn samples of the future", () => {
    const { through } = punctual;
    const state = forecaster.update(punctual, minutes(through, 600, 1e6), [], through + HOUR_MS);
    expect(state.through).toBe(through + HOUR_MS);
  });

  it("goes on a week later, in one step, where ticks and samples stopped", () => {
    const { through } = punctual;
    const later = through + 7 * DAY_MS;
    const state = forecaster.update(punctual, minutes(later - HOUR_MS, 60, 600), [], later);
    expect(state.through).toBe(later);
    expect(state.profile.overallCount).toBe(punctual.profile.overallCount + 12);
    expect(forecastOf(state).every(Number.isFinite)).toBe(true);
  });
});

describe("a state built anew", () => {
  it("from the last 28 days forecasts as the one that was carried for eight weeks, to a hundredth on average", () => {
    const random = createRandom("rebuilt");
    const end = START + 56 * DAY_MS;
    const series: TrafficSeries = {
      start: START,
      binMs: BIN_MS,
      values: Array.from({ length: (56 * DAY_MS) / BIN_MS }, (_, i) =>
        random.logNormal(500 + 400 * Math.sin((2 * Math.PI * i * BIN_MS) / DAY_MS), 0.1),
      ),
    };
    const carried = forecaster.update(null, series, [], end);
    const rebuilt = forecaster.update(null, seriesSince(series, end - 28 * DAY_MS), [], end);
    const [one, other] = [forecastOf(carried), forecastOf(rebuilt)];
    const ratios = one.map((load, i) => Math.abs(other[i]! / load - 1));
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(0.01);
    expect(Math.max(...ratios)).toBeLessThan(0.05);
  });
});

it("keeps 4 KB hot and 48 KB cold where samples and ticks come every minute", () => {
  let state: ForecastState | null = null;
  const all = arrivals(3, () => 0);
  for (let i = 1; i <= all.length; i++) {
    const now = START + i * MINUTE_MS;
    const from: number = state?.through ?? START;
    const known = all.slice((from - START) / MINUTE_MS, i);
    state = forecaster.update(state, toSeries(known, from, now, MINUTE_MS), [], now);
  }
  const { hot, cold } = encodeState(state!);
  expect(JSON.stringify(hot).length).toBeLessThanOrEqual(4 * 1_024);
  expect(JSON.stringify(cold).length).toBeLessThanOrEqual(48 * 1_024);
  expect(state!.through).toBe(START + 3 * DAY_MS);
});
