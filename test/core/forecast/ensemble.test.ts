/**
 * The forecaster as a whole: what it learns, and what it must never do.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anomalyOf } from "../../../src/core/forecast/anomaly.ts";
import { decodeState, encodeState } from "../../../src/core/forecast/codec.ts";
import { explain } from "../../../src/core/forecast/describe.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { type Forecast, loadAt } from "../../../src/core/forecast/forecast.ts";
import { maxOver } from "../../../src/core/forecast/peaks.ts";
import { usualLoad, weekSlot } from "../../../src/core/forecast/profile.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { seriesSince, type TrafficSeries } from "../../../src/core/traffic.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { minutesFrom } from "../examples.ts";

const BIN_MS = 5 * MINUTE_MS;
const CADENCE_MS = 15 * MINUTE_MS;
const MINUTES_PER_DAY = DAY_MS / MINUTE_MS;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);
const GAP = Number.NaN;
const utc = ensembleForecaster("UTC");

const days = (count: number, load: (at: Instant, i: number) => number) =>
  minutesFrom(START, count * MINUTES_PER_DAY, load);

const endOf = (series: TrafficSeries) => series.start + series.values.length * series.binMs;

const learn = (series: TrafficSeries, forecaster = utc) => forecaster.update(null, series, [], endOf(series));

/** As ticks would: every quarter hour, from where the state stands, with only the samples that exist by then. */
function learnByTicks(series: TrafficSeries, forecaster = utc): ForecastState {
  let state: ForecastState | null = null;
  for (let now = series.start + CADENCE_MS; now <= endOf(series); now += CADENCE_MS) {
    const from = state === null ? series.start : state.through;
    state = forecaster.update(state, seriesSince(upTo(series, now), from), [], now);
  }
  return state!;
}

function upTo(series: TrafficSeries, until: Instant): TrafficSeries {
  return { ...series, values: series.values.slice(0, (until - series.start) / series.binMs) };
}

function ahead(state: ForecastState, ms: number, quantiles: readonly number[], forecaster = utc): Forecast {
  return forecaster.forecast(state, { from: state.through, until: state.through + ms, quantiles });
}

const daily = (at: Instant) => 500 + 400 * Math.sin((2 * Math.PI * at) / DAY_MS);
const isWeekend = (at: Instant) => [0, 6].includes(new Date(at).getUTCDay());

describe("learning", () => {
  it("comes to the same state bin by bin as in one go", () => {
    const random = createRandom("incremental");
    const series = days(3, (at, i) => (i % 400 < 45 ? GAP : random.poisson(daily(at))));
    expect(learnByTicks(series)).toEqual(learn(series));
  });

  it("does not change the state that it was given", () => {
    const before = learn(days(1, daily));
    const copy = structuredClone(before);
    utc.update(
      before,
      minutesFrom(before.through, 60, () => 9_999),
      [],
      before.through + HOUR_MS,
    );
    expect(before).toEqual(copy);
  });

  it("learns a daily and a weekly shape", () => {
    const random = createRandom("shape");
    const truth = (at: Instant) => daily(at) * (isWeekend(at) ? 0.3 : 1);
    const friday = 4 * DAY_MS;
    const series = days(32, (at) => random.poisson(truth(at)));
    const state = learn({ ...series, values: series.values.slice(0, (28 * DAY_MS + friday) / MINUTE_MS) });
    const forecast = ahead(state, 4 * DAY_MS, [0.5]);
    const ratioAt = (hour: number) => {
      const at = state.through + hour * HOUR_MS;
      return loadAt(forecast, (hour * HOUR_MS) / BIN_MS, 0.5) / daily(at);
    };
    for (const weekdayHour of [72, 78, 84, 90]) {
      expect(ratioAt(weekdayHour), `${weekdayHour} h ahead`).toBeGreaterThan(0.8);
      expect(ratioAt(weekdayHour), `${weekdayHour} h ahead`).toBeLessThan(1.25);
    }
    for (const weekendHour of [30, 36, 42, 48, 54, 60, 66]) {
      expect(ratioAt(weekendHour), `${weekendHour} h ahead`).toBeGreaterThan(0.25);
      expect(ratioAt(weekendHour), `${weekendHour} h ahead`).toBeLessThan(0.6);
    }
  });

  it("keeps local hours where they are when the clocks change", () => {
    const berlin = ensembleForecaster("Europe/Berlin");
    const springForward = Date.UTC(2026, 2, 29, 1);
    const start = Date.UTC(2026, 1, 23);
    const hourInBerlin = (at: Instant) => ((at - (at < springForward ? 0 : -HOUR_MS)) / HOUR_MS + 1) % 24;
    const shop = (at: Instant) => (hourInBerlin(at) >= 9 && hourInBerlin(at) < 18 ? 800 : 50);
    const samples = minutesFrom(start, 34 * MINUTES_PER_DAY, shop);
    const state = learn(samples, berlin);
    const tuesday = Date.UTC(2026, 2, 31);
    const usual = (hour: number) =>
      usualLoad(state.profile, weekSlot("Europe/Berlin", tuesday + hour * HOUR_MS));
    expect(usual(6.5)).toBeLessThan(200);
    expect(usual(7.5)).toBeGreaterThan(600);
    expect(usual(15.5)).toBeGreaterThan(600);
    expect(usual(16.5)).toBeLessThan(200);
  });

  it("raises what is near when today is busier than usual, and hardly what is far", () => {
    const usual = learn(days(14, () => 400));
    const busy = utc.update(
      usual,
      minutesFrom(usual.through, 60, () => 800),
      [],
      usual.through + HOUR_MS,
    );
    const forecast = ahead(busy, 2 * DAY_MS, [0.5]);
    expect(loadAt(forecast, 1, 0.5)).toBeGreaterThan(600);
    expect(loadAt(forecast, (36 * HOUR_MS) / BIN_MS, 0.5)).toBeLessThan(480);
  });

  it("judges each forecast by what was known when it was made", () => {
    const usual = learn(days(14, () => 400));
    const until = usual.through + 12 * HOUR_MS;
    const busy = utc.update(
      usual,
      minutesFrom(usual.through, 12 * 60, () => 800),
      [],
      until,
    );
    const missesAt = (leadMs: number) => busy.leads.find((lead) => lead.leadMs === leadMs)!.tally[1]!;
    expect(missesAt(15 * MINUTE_MS)).toBeLessThan(missesAt(DAY_MS) / 2);
  });

  it("takes the busiest minute of a bin for its load", () => {
    const state = learn(days(7, (_, i) => (i % 5 === 0 ? 300 : 10)));
    expect(loadAt(ahead(state, BIN_MS, [0.5]), 0, 0.5)).toBeGreaterThan(250);
  });

  it("does not make a habit of what an event brought", () => {
    const event = { kind: "launch", from: START + 8 * DAY_MS, until: START + 9 * DAY_MS };
    const series = days(10, (at) => (at >= event.from && at < event.until ? 9_000 : 100));
    const state = utc.update(null, series, [event], endOf(series));
    expect(usualLoad(state.profile, weekSlot("UTC", event.from + 12 * HOUR_MS))).toBeCloseTo(100, 3);
  });
});

describe("odd beginnings and gaps", () => {
  it("says nothing strange after one single sample", () => {
    const state = utc.update(
      null,
      minutesFrom(START, 5, (_, i) => (i === 2 ? 120 : GAP)),
      [],
      START + 4 * BIN_MS,
    );
    const forecast = ahead(state, DAY_MS, [0.1, 0.5, 0.9]);
    expect(forecast.load.flat().every((load) => load >= 0 && load < 1_000)).toBe(true);
    expect(loadAt(forecast, 0, 0.5)).toBeCloseTo(120, 0);
    expect(forecast.confidence).toBeLessThan(0.01);
  });

  it("learns nothing from gaps, however long, and goes on behind them", () => {
    const isGap = (at: Instant) => at >= START + 8 * DAY_MS && at < START + 12 * DAY_MS;
    const state = learn(days(14, (at) => (isGap(at) ? GAP : 200)));
    expect(state.through).toBe(START + 14 * DAY_MS);
    expect(state.profile.overallCount).toBe((10 * DAY_MS) / BIN_MS);
    const inGap = weekSlot("UTC", START + 9 * DAY_MS);
    expect(usualLoad(state.profile, inGap)).toBeCloseTo(200, 2);
  });

  it("has not learned anything from gaps alone", () => {
    const state = learn(days(1, () => GAP));
    expect(state.profile.overallCount).toBe(0);
    expect(ahead(state, HOUR_MS, [0.5]).load.flat().some(Number.isNaN)).toBe(false);
  });

  it("tells a measured zero from a gap: an outage teaches", () => {
    const outage = (at: Instant) => at >= START + 8 * DAY_MS && at < START + 9 * DAY_MS;
    const state = learn(days(10, (at) => (outage(at) ? 0 : 200)));
    expect(usualLoad(state.profile, weekSlot("UTC", START + 8.5 * DAY_MS))).toBeLessThan(198);
  });

  it("foresees nothing for a pool without traffic, at any quantile, and no NaN", () => {
    const forecast = ahead(learn(days(7, () => 0)), DAY_MS, [0.1, 0.5, 0.95, 0.99]);
    expect(forecast.load.flat().some(Number.isNaN)).toBe(false);
    expect(Math.max(...forecast.load.flat())).toBeCloseTo(0, 2);
  });

  it("comes close to steady traffic within a week, at the high quantiles too", () => {
    const forecast = ahead(learn(days(7, () => 1_000)), HOUR_MS, [0.5, 0.95]);
    expect(loadAt(forecast, 0, 0.5)).toBeCloseTo(1_000, -1);
    expect(loadAt(forecast, 0, 0.95)).toBeLessThan(1_250);
  });
});

describe("late samples", () => {
  const history = days(1, () => 100);
  const known = learn(history);
  const edge = known.through;
  const bin = (value: number) => new Array<number>(5).fill(value);
  const bins = (...values: number[]) =>
    minutesFrom(edge, 5 * values.length, (_, i) => values.flatMap(bin)[i]!);

  it("waits with a bin that was not measured, and learns it within fifteen minutes", () => {
    const waiting = utc.update(known, bins(GAP, GAP), [], edge + 10 * MINUTE_MS);
    expect(waiting.through).toBe(edge);
    const learned = utc.update(waiting, bins(300, 100, 100), [], edge + 15 * MINUTE_MS);
    expect(learned.through).toBe(edge + 15 * MINUTE_MS);
    expect(learned.profile.overallCount).toBe(known.profile.overallCount + 3);
    expect(learned).toEqual(utc.update(known, bins(300, 100, 100), [], edge + 15 * MINUTE_MS));
  });

  it("takes it for a gap after fifteen minutes, also where later bins were measured", () => {
    const waiting = utc.update(known, bins(GAP, 100, 100, 100), [], edge + 19 * MINUTE_MS);
    expect(waiting.through).toBe(edge);
    const passed = utc.update(known, bins(GAP, 100, 100, 100), [], edge + 20 * MINUTE_MS);
    expect(passed.through).toBe(edge + 20 * MINUTE_MS);
    expect(passed.profile.overallCount).toBe(known.profile.overallCount + 3);
  });

  it("leaves the bin alone that is not over yet", () => {
    const state = utc.update(known, bins(100, 100), [], edge + 8 * MINUTE_MS);
    expect(state.through).toBe(edge + 5 * MINUTE_MS);
  });
});

describe("stored in two parts", () => {
  it("forecasts as before when the cold part was older than the hot one", () => {
    const random = createRandom("cold");
    const series = days(9, (at, i) => (i % 700 < 30 ? GAP : random.poisson(daily(at))));
    const coldAt = START + 8 * DAY_MS;
    const hotAt = coldAt + 55 * MINUTE_MS;
    const whole = learn(upTo(series, hotAt));
    const { cold } = encodeState(learn(upTo(series, coldAt)));
    const mixed = decodeState(JSON.parse(JSON.stringify({ hot: encodeState(whole).hot, cold })))!;
    expect(mixed.through).toBe(whole.through);
    const [one, other] = [ahead(mixed, DAY_MS, [0.1, 0.5, 0.99]), ahead(whole, DAY_MS, [0.1, 0.5, 0.99])];
    const [read, kept] = [one.load.flat(), other.load.flat()];
    kept.forEach((load, i) => {
      expect(Math.abs(read[i]! - load)).toBeLessThan(1 + 0.01 * load);
    });
  });

  it("starts anew when the zone changes", () => {
    const state = learn(days(7, daily));
    const samples = minutesFrom(state.through, 30, () => 70);
    const moved = ensembleForecaster("Asia/Tokyo").update(state, samples, [], state.through + 30 * MINUTE_MS);
    expect(moved.zone).toBe("Asia/Tokyo");
    expect(moved.profile.overallCount).toBe(6);
    expect(moved).toEqual(learn(samples, ensembleForecaster("Asia/Tokyo")));
  });
});

describe("whatever the traffic was", () => {
  const load = fc.oneof(fc.constant(GAP), fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
  const quantiles = [0.05, 0.1, 0.5, 0.77, 0.9, 0.95, 0.99, 0.999];

  it("never falls in the quantile, is never negative and never NaN", () => {
    fc.assert(
      fc.property(fc.array(load, { minLength: 5, maxLength: 400 }), (loads) => {
        const state = learn(minutesFrom(START, loads.length, (_, i) => loads[i]!));
        const forecast = ahead(state, 8 * DAY_MS, quantiles);
        forecast.load[0]!.forEach((_, i) => {
          const curve = forecast.load.map((values) => values[i]!);
          expect(curve.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
          expect(curve).toEqual([...curve].sort((a, b) => a - b));
        });
        expect(forecast.confidence).toBeGreaterThanOrEqual(0);
        expect(forecast.confidence).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("covers the window on the 5-minute grid", () => {
    const state = learn(days(1, daily));
    const from = state.through + 7 * MINUTE_MS;
    const forecast = utc.forecast(state, { from, until: from + 20 * MINUTE_MS, quantiles: [0.5] });
    expect(forecast.start).toBe(state.through + 5 * MINUTE_MS);
    expect(forecast.load[0]).toHaveLength(5);
    expect(utc.forecast(state, { from, until: from - HOUR_MS, quantiles: [0.5] }).load).toEqual([[]]);
  });
});

describe("bad hours", () => {
  const random = createRandom("bad hours");
  const noisy = days(14, (at) => random.poisson(daily(at)));
  const known = learn(noisy);
  const then = (minutes: number, load: (at: Instant, i: number) => number) =>
    utc.update(known, minutesFrom(known.through, minutes, load), [], known.through + minutes * MINUTE_MS);
  const usual = (state: ForecastState, ms: number) => daily(state.through + ms) * 1.05;
  const medianIn = (state: ForecastState, ms: number) =>
    loadAt(ahead(state, ms + BIN_MS, [0.5]), ms / BIN_MS, 0.5);

  it("is over a single minute of a hundred times the load within half an hour", () => {
    const state = then(30, (at, i) => (i === 2 ? 50_000 : random.poisson(daily(at))));
    for (const ms of [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS - HOUR_MS])
      expect(medianIn(state, ms) / usual(state, ms)).toBeLessThan(1.3);
  });

  it("believes six hours of zeros at short range and not for tomorrow", () => {
    const state = then(360, () => 0);
    expect(medianIn(state, 15 * MINUTE_MS)).toBeLessThan(0.4 * usual(state, 15 * MINUTE_MS));
    expect(medianIn(state, DAY_MS) / usual(state, DAY_MS)).toBeGreaterThan(0.6);
  });

  it("tells spike, drop, stuck and missing apart", () => {
    const stuck = then(60, () => 777);
    expect(anomalyOf(known, 50_000).kind).toBe("spike");
    expect(anomalyOf(known, 0).kind).toBe("drop");
    expect(anomalyOf(known, 510).kind).toBe("none");
    expect(anomalyOf(known, GAP).kind).toBe("missing");
    expect(anomalyOf(stuck, 777).kind).toBe("stuck");
  });
});

describe("the highest bin of a window", () => {
  it("stays under its quantile as often as promised", () => {
    const random = createRandom("peaks");
    const series = days(24, (at) => random.poisson(daily(at)));
    let state = learn(upTo(series, START + 14 * DAY_MS));
    let under = 0;
    let asked = 0;
    for (let now = state.through; now + HOUR_MS <= endOf(series); now += HOUR_MS) {
      state = utc.update(state, seriesSince(upTo(series, now), state.through), [], now);
      const first = (now - series.start) / MINUTE_MS;
      const peak = Math.max(...series.values.slice(first, first + 60));
      under += peak <= maxOver(state, { from: now, until: now + HOUR_MS }, 0.9) ? 1 : 0;
      asked += 1;
    }
    expect(under / asked).toBeGreaterThan(0.84);
    expect(under / asked).toBeLessThan(0.96);
  });

  it("is the bin's own quantile where there is one, and never falls with the window", () => {
    const state = learn(days(14, daily));
    const over = (bins: number) =>
      maxOver(state, { from: state.through, until: state.through + bins * BIN_MS }, 0.95);
    expect(over(1)).toBeCloseTo(loadAt(ahead(state, BIN_MS, [0.95]), 0, 0.95), 1);
    expect([over(1), over(3), over(12)]).toEqual([over(1), over(3), over(12)].sort((a, b) => a - b));
    expect(over(0)).toBe(0);
  });
});

describe("what it says of itself", () => {
  it("tells how many weeks it saw, and how today compares", () => {
    const state = learn(days(14, () => 300));
    expect(ahead(state, HOUR_MS, [0.5]).reason).toBe("weekday night plateau, 2 weeks alike, as usual now");
    const busy = utc.update(
      state,
      minutesFrom(state.through, 120, () => 900),
      [],
      state.through + 2 * HOUR_MS,
    );
    expect(ahead(busy, HOUR_MS, [0.5]).reason).toMatch(
      /^weekday night \w+, 2 weeks alike, 1\d\d % more than usual now$/,
    );
  });

  it("is surer where it misses less than the day before does", () => {
    const random = createRandom("skill");
    const steady = learn(days(10, (at) => random.poisson(daily(at))));
    const wild = learn(days(10, () => random.between(0, 1_000)));
    expect(ahead(steady, HOUR_MS, [0.5]).confidence).toBeGreaterThan(
      ahead(learn(days(1, daily)), HOUR_MS, [0.5]).confidence - 1,
    );
    expect(ahead(wild, HOUR_MS, [0.5]).confidence).toBeLessThan(0.5);
    expect(explain(steady, HOUR_MS).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });
});
