/**
 * The seasonal forecaster as a whole: what it learns, and what it must never do.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorQuantile } from "../../../src/core/forecast/calibration.ts";
import { type Forecast, loadAt } from "../../../src/core/forecast/forecast.ts";
import { usualLoad, weekSlot } from "../../../src/core/forecast/profile.ts";
import { seasonalForecaster } from "../../../src/core/forecast/seasonal.ts";
import { decodeState, encodeState, type ForecastState } from "../../../src/core/forecast/state.ts";
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
const utc = seasonalForecaster("UTC");

const days = (count: number, load: (at: Instant, i: number) => number) =>
  minutesFrom(START, count * MINUTES_PER_DAY, load);

const endOf = (series: TrafficSeries) => series.start + series.values.length * series.binMs;

const learn = (series: TrafficSeries, forecaster = utc) => forecaster.update(null, series, [], endOf(series));

/** As ticks would: every quarter hour, from where the state stands, with only the samples that exist by then. */
function learnByTicks(series: TrafficSeries, forecaster = utc): ForecastState {
  let state: ForecastState | null = null;
  for (let now = series.start + CADENCE_MS; now <= endOf(series); now += CADENCE_MS) {
    const from = state === null ? series.start : Math.min(state.through, state.profileThrough);
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
    const berlin = seasonalForecaster("Europe/Berlin");
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
    const [quarterAhead, , , , weekAhead] = busy.calibrations;
    expect(quarterAhead!.size).toBeLessThan(weekAhead!.size / 2);
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
    expect(usualLoad(state.profile, weekSlot("UTC", START + 8.5 * DAY_MS))).toBeLessThan(150);
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
  it("ends with the same profile when the cold part was older than the hot one", () => {
    const random = createRandom("cold");
    const series = days(3, (at, i) => (i % 700 < 30 ? GAP : random.poisson(daily(at))));
    const coldAt = START + 2 * DAY_MS;
    const hotAt = coldAt + 45 * MINUTE_MS;
    const { cold } = encodeState(learn(upTo(series, coldAt)));
    const { hot } = encodeState(learn(upTo(series, hotAt)));
    const mixed = decodeState({ hot, cold })!;
    expect([mixed.profileThrough, mixed.through]).toEqual([coldAt, hotAt]);
    expect(decodeState(encodeState(mixed))?.profileThrough).toBe(coldAt);
    const after = utc.update(mixed, seriesSince(series, coldAt), [], endOf(series));
    const whole = learn(series);
    expect(after.profile).toEqual(whole.profile);
    expect([after.through, after.profileThrough]).toEqual([whole.through, whole.profileThrough]);
    expect(after.level.recentLoad).toBeCloseTo(whole.level.recentLoad, 6);
    after.calibrations.forEach((calibration, h) => {
      expect(calibration.resolved).toBe(whole.calibrations[h]!.resolved);
      for (const quantile of [0.1, 0.5, 0.95]) {
        const difference =
          errorQuantile(calibration, quantile) - errorQuantile(whole.calibrations[h]!, quantile);
        expect(Math.abs(difference)).toBeLessThan(0.02);
      }
    });
  });

  it("learns no bin twice where the hot part is the older one", () => {
    const series = days(3, daily);
    const older = encodeState(learn(upTo(series, START + 2 * DAY_MS)));
    const newer = encodeState(learn(upTo(series, START + 2 * DAY_MS + HOUR_MS)));
    const mixed = decodeState({ hot: older.hot, cold: newer.cold })!;
    const after = utc.update(mixed, seriesSince(series, START + 2 * DAY_MS), [], endOf(series));
    expect(after.profile).toEqual(learn(series).profile);
  });

  it("starts anew when the zone changes", () => {
    const state = learn(days(7, daily));
    const samples = minutesFrom(state.through, 30, () => 70);
    const moved = seasonalForecaster("Asia/Tokyo").update(state, samples, [], state.through + 30 * MINUTE_MS);
    expect(moved.zone).toBe("Asia/Tokyo");
    expect(moved.profile.overallCount).toBe(6);
    expect(moved).toEqual(learn(samples, seasonalForecaster("Asia/Tokyo")));
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

describe("what it says of itself", () => {
  it("tells how many weeks it saw, and how today compares", () => {
    const state = learn(days(14, () => 300));
    expect(ahead(state, HOUR_MS, [0.5]).reason).toBe("Monday 00 h local as in 2 weeks before, as usual now");
    const busy = utc.update(
      state,
      minutesFrom(state.through, 120, () => 900),
      [],
      state.through + 2 * HOUR_MS,
    );
    expect(ahead(busy, HOUR_MS, [0.5]).reason).toMatch(
      /^Monday 02 h local as in 2 weeks before, 1\d\d % more than usual now$/,
    );
  });

  it("is at most a seventh sure after one day", () => {
    const { confidence, reason } = ahead(learn(days(1, () => 300)), HOUR_MS, [0.5]);
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThanOrEqual(0.15);
    expect(reason).toContain("local was not seen before");
  });
});
