/** What the forecaster says of a pool, as a tick writes it: patterns with their season, the next peak, predictions by source. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { encodeState } from "../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { patternsOf } from "../../src/core/forecast/patterns.ts";
import { emptyState } from "../../src/core/forecast/state.ts";
import { DAY_MS, formatInstant, HOUR_MS } from "../../src/core/time.ts";
import { minutesFrom, NOW } from "../core/examples.ts";
import { type Database, useEmbedded } from "../support/databases.ts";

const open = useEmbedded();
let db: Database;

/** A pool's part of a tick's document, as open_tick hands it on. */
const write = (pool: Record<string, unknown>, now = NOW) =>
  db.owner`select flyahead.write_forecasts(${formatInstant(now)}, ${JSON.stringify({ app: "shop", pools: [{ region: "fra", processGroup: "web", ...pool }] })}::text::jsonb)`;
const peak = async () =>
  (
    await db.owner`select flyahead.epoch_ms(next_peak_at) as at, next_peak_load as load from flyahead.forecast_state`
  )[0];

beforeAll(async () => {
  db = await open();
  await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'web')`;
});
beforeEach(
  () => db.owner`truncate flyahead.traffic_patterns, flyahead.forecast_state, flyahead.traffic_predictions`,
);

it("shows the profile hour by hour, in the zone of the policy that the tick went by", async () => {
  const load = (at: number) => 300 + 200 * Math.sin((2 * Math.PI * at) / DAY_MS);
  const samples = minutesFrom(NOW - 10 * DAY_MS, 10 * 24 * 60, load);
  const state = ensembleForecaster("Asia/Tokyo").update(null, samples, [], NOW);
  const patterns = patternsOf(state);
  await write({
    policy: { timeZone: "Asia/Tokyo" },
    hot: encodeState(state).hot,
    cold: encodeState(state).cold,
    patterns,
  });
  const rows = await db.owner`
    select day_of_week, hour_of_day, usual_load, weeks_seen, season, strength, samples, confidence, time_zone
    from flyahead.traffic_patterns order by 1, 2`;
  expect(rows).toHaveLength(168);
  rows.forEach((row, i) => {
    const {
      dayOfWeek,
      hourOfDay,
      usualLoad,
      weeksSeen,
      season,
      strength,
      samples: bins,
      confidence,
    } = patterns[i]!;
    expect(row).toEqual({
      day_of_week: dayOfWeek,
      hour_of_day: hourOfDay,
      usual_load: expect.closeTo(usualLoad, 2),
      weeks_seen: weeksSeen,
      season,
      strength: expect.closeTo(strength, 4),
      samples: bins,
      confidence: expect.closeTo(confidence, 4),
      time_zone: "Asia/Tokyo",
    });
  });
  expect(new Set(rows.map(({ season }) => season))).toEqual(new Set(["weekly", "daily"]));
});

it("takes a profile of loads too small for a real", async () => {
  const samples = minutesFrom(NOW - DAY_MS, 24 * 60, (_, i) => (i % 60 ? 0 : 1e-44));
  const state = ensembleForecaster("UTC").update(null, samples, [], NOW);
  await write({ policy: { timeZone: "UTC" }, hot: encodeState(state).hot, patterns: patternsOf(state) });
  expect([...(await db.owner`select distinct usual_load, peak_load from flyahead.traffic_patterns`)]).toEqual(
    [{ usual_load: 0, peak_load: 0 }],
  );
});

it("keeps the next peak that the last tick foresaw, and none where it foresaw none", async () => {
  const { hot } = encodeState(emptyState("UTC", NOW));
  await write({ hot, nextPeak: { at: NOW + HOUR_MS, load: 812.5 } });
  expect(await peak()).toEqual({ at: NOW + HOUR_MS, load: 812.5 });
  // A tick that could not forecast says nothing, and leaves what is there.
  await write({ hot: null, nextPeak: null });
  expect(await peak()).toEqual({ at: NOW + HOUR_MS, load: 812.5 });
  await write({ hot, nextPeak: null });
  expect(await peak()).toEqual({ at: null, load: null });
});

it("keeps predictions apart by who made them, and the first of each", async () => {
  const targetAt = NOW + 900_000;
  const own = { horizonMs: 900_000, targetAt, load: [1, 2, 3, 4, 5] };
  const expert = { ...own, source: "prophet", model: "prophet-1", load: [2, 3, 4, 5, 6] };
  await write({ model: "ensemble-1", confidence: 0.5, predictions: [own, expert] });
  await write({
    model: "ensemble-1",
    confidence: 0.5,
    predictions: [{ ...own, load: [9, 9, 9, 9, 9] }],
  });
  expect([
    ...(await db.owner`select source, model, load, resolved_at from flyahead.traffic_predictions order by source`),
  ]).toEqual([
    { source: "flyahead", model: "ensemble-1", load: "{1,2,3,4,5}", resolved_at: null },
    { source: "prophet", model: "prophet-1", load: "{2,3,4,5,6}", resolved_at: null },
  ]);
});

it("takes what functions deployed before it send, and says null of what they do not tell", async () => {
  const { hot, cold } = encodeState(emptyState("UTC", NOW));
  const patterns = [{ dayOfWeek: 0, hourOfDay: 9, usualLoad: 5, peakLoad: 7, weeksSeen: 3 }];
  await write({
    hot,
    cold,
    patterns,
    model: "m",
    confidence: 1,
    predictions: [{ horizonMs: 900_000, targetAt: NOW, load: [1, 2, 3, 4, 5] }],
  });
  expect([
    ...(await db.owner`select usual_load, weeks_seen, season, strength, samples, confidence, time_zone from flyahead.traffic_patterns`),
  ]).toEqual([
    {
      usual_load: 5,
      weeks_seen: 3,
      season: null,
      strength: null,
      samples: null,
      confidence: null,
      time_zone: null,
    },
  ]);
  expect(await peak()).toEqual({ at: null, load: null });
  expect([...(await db.owner`select source, model from flyahead.traffic_predictions`)]).toEqual([
    { source: "flyahead", model: "m" },
  ]);
  // Nothing but the pool's name.
  await write({});
});
