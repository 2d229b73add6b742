/** Whom the forecaster listens to, as a tick writes it and as people read it. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { formatInstant, HOUR_MS, type Instant } from "../../src/core/time.ts";
import { NOW } from "../core/examples.ts";
import { type Database, useEmbedded } from "../support/databases.ts";

const open = useEmbedded();
let db: Database;

const write = (pool: Record<string, unknown>, now: Instant = NOW) =>
  db.asService`select flyahead.write_forecasts(${formatInstant(now)}, ${JSON.stringify({ app: "shop", pools: [{ region: "fra", processGroup: "web", hot: { version: 2 }, model: "ensemble-1", confidence: 0.5, ...pool }] })}::text::jsonb)`;
const weights = () => db.owner`
  select region, extract(epoch from horizon)::integer as seconds, expert, share, miss_ratio, weighed_at, confidence, judged_as, judged::integer, bias
  from flyahead_api.expert_weights order by seconds, share desc`;
const WEIGHTS = [
  { expert: "regression", horizonMs: HOUR_MS, share: 0.2, missRatio: 1.02 },
  { expert: "oracle", horizonMs: HOUR_MS, share: 0.8, missRatio: 0.7 },
  { expert: "usual", horizonMs: 6 * HOUR_MS, share: 1, missRatio: null },
];
const score = (source: string, judged: number, error: number, day: string, seconds = 3_600) =>
  db.owner`insert into flyahead.prediction_scores (pool_id, source, model, horizon_seconds, day, judged, given_up, actual, absolute_error, error, pinball,
    under_q10, under_q50, under_q90, under_q95, under_q99) values (1, ${source}, 'm', ${seconds}, ${day}, ${judged}, 0, 100, ${Math.abs(error)}, ${error}, 1, 0, 0, 0, 0, 0)`;

beforeAll(async () => {
  db = await open();
  await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'web')`;
  await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', ${formatInstant(NOW)})`;
});
beforeEach(
  () => db.owner`truncate flyahead.forecast_state, flyahead.traffic_predictions, flyahead.prediction_scores`,
);

it("shows each expert's part at each lead, beside what its source was judged by in seven days", async () => {
  await write({ weights: WEIGHTS });
  await score("flyahead", 10, 50, "2026-06-16");
  await score("flyahead", 30, -10, "2026-06-17");
  await score("flyahead", 99, 9_999, "2026-06-10");
  await score("flyahead", 7, 7, "2026-06-17", 900);
  await score("oracle", 5, 5, "2026-06-17");
  const common = { region: "fra", weighed_at: new Date(NOW), confidence: 0.5 };
  expect([...(await weights())]).toEqual([
    {
      ...common,
      seconds: 3_600,
      expert: "oracle",
      share: 0.8,
      miss_ratio: 0.7,
      judged_as: "oracle",
      judged: 5,
      bias: 1,
    },
    {
      ...common,
      seconds: 3_600,
      expert: "regression",
      share: 0.2,
      miss_ratio: 1.02,
      judged_as: "flyahead",
      judged: 40,
      bias: 1,
    },
    {
      ...common,
      seconds: 21_600,
      expert: "usual",
      share: 1,
      miss_ratio: null,
      judged_as: "flyahead",
      judged: null,
      bias: null,
    },
  ]);
});

it("keeps the weights of the last time that they came, and the confidence of the last tick", async () => {
  await write({ weights: WEIGHTS });
  await write({ weights: null, confidence: 0.75 }, NOW + HOUR_MS / 4);
  await write({ confidence: 0.9 }, NOW + HOUR_MS / 2);
  const [row, ...more] = await weights();
  expect(more).toHaveLength(2);
  expect(row?.confidence).toBeCloseTo(0.9, 6);
  expect(row?.weighed_at).toEqual(new Date(NOW));
});

it("shows nothing of a pool without weights, as functions of before wrote it, and nothing of a retired one", async () => {
  await write({});
  expect([...(await weights())]).toEqual([]);
  await write({ weights: WEIGHTS });
  await db.owner`update flyahead.worker_regions set retired_at = ${formatInstant(NOW)}`;
  expect([...(await weights())]).toEqual([]);
  await db.owner`update flyahead.worker_regions set retired_at = null`;
});

it("keeps predictions of two sources at one time apart", async () => {
  const prediction = { horizonMs: HOUR_MS, targetAt: NOW + HOUR_MS, load: [1, 2, 3, 4, 5] };
  await write({ predictions: [prediction, { ...prediction, source: "oracle", model: "o-1" }] });
  const rows = await db.owner`select source, model from flyahead.traffic_predictions order by source`;
  expect([...rows]).toEqual([
    { source: "flyahead", model: "ensemble-1" },
    { source: "oracle", model: "o-1" },
  ]);
});
