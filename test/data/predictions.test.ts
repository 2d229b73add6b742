/** Predictions are judged once, when their five minutes are known, and the scores are the sums of the verdicts. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { formatInstant, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";

const START = Date.UTC(2026, 5, 17, 9);
const LOAD = [80, 100, 120, 130, 150];
const QUANTILES = [0.1, 0.5, 0.9, 0.95, 0.99];
let db: Database;

const at = (minute: number): Instant => START + minute * MINUTE_MS;
const store = (...loads: [minute: number, requests: number][]) =>
  createPostgresSamples(db.asService).store(
    loads.map(([minute, requests]) => ({
      pool: { app: "shop", region: "fra", processGroup: "web" },
      at: at(minute),
      requests,
    })),
    at(60),
  );
const predict = (target: number, { madeAt = -15, horizon = 900, source = "flyahead" } = {}) => db.owner`
  insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, source, model, confidence, load)
  values (1, ${formatInstant(at(madeAt))}, ${horizon}, ${formatInstant(at(target))}, ${source}, 'm', 1, ${`{${LOAD.join(",")}}`}::text::real[])`;
/** Rollups first, as the refresh does, then the verdicts of that time. */
async function judge(minute: number): Promise<number> {
  await db.owner`update flyahead.settings set value = ${formatInstant(at(-60))} where name = 'simulated_now'`;
  await db.owner`select flyahead.refresh_rollups()`;
  return (await db.owner`select flyahead.resolve_predictions(${formatInstant(at(minute))}) as judged`)[0]
    ?.judged as number;
}
const verdicts = async () => [
  ...(await db.owner`select actual, error, round(pinball::numeric, 3)::float8 as pinball, resolved_at is not null as resolved from flyahead.traffic_predictions order by target_at, made_at`),
];
const scores = async () => [
  ...(await db.owner`select source, horizon_seconds as horizon, judged, given_up, actual, absolute_error, error, under_q10, under_q50, under_q90, under_q95, under_q99 from flyahead.prediction_scores order by 1, 2`),
];
const pinball = (actual: number) =>
  LOAD.reduce(
    (sum, x, i) => sum + (actual >= x ? (actual - x) * QUANTILES[i]! : (x - actual) * (1 - QUANTILES[i]!)),
    0,
  ) / LOAD.length;

describeOnEveryDatabase("judged predictions", (open) => {
  beforeAll(async () => {
    db = await open();
    await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'web')`;
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-06-17')`;
  });
  beforeEach(
    () =>
      db.owner`truncate flyahead.traffic_predictions, flyahead.prediction_scores, flyahead.traffic_samples, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.rollup_queue`,
  );

  it("judges by the busiest of the five minutes, as soon as all are there, and only once", async () => {
    await predict(0);
    await store([0, 90], [1, 125], [2, 70], [3, 60], [4, 60]);
    expect(await judge(4)).toBe(0);
    expect(await judge(5)).toBe(1);
    expect(await judge(5)).toBe(0);
    expect(await verdicts()).toEqual([
      { actual: 125, error: -25, pinball: expect.closeTo(pinball(125), 3), resolved: true },
    ]);
    expect(await scores()).toEqual([
      {
        source: "flyahead",
        horizon: 900,
        judged: 1,
        given_up: 0,
        actual: 125,
        absolute_error: 25,
        error: -25,
        under_q10: 0,
        under_q50: 0,
        under_q90: 0,
        under_q95: 1,
        under_q99: 1,
      },
    ]);
    await store([1, 500]);
    expect(await judge(60)).toBe(0);
    expect((await verdicts())[0]?.actual).toBe(125);
  });

  it("waits for minutes that are missing, then takes what there is, and gives up where there is nothing", async () => {
    await predict(0);
    await predict(5, { madeAt: -10 });
    await store([0, 100], [2, 110]);
    expect(await judge(24)).toBe(0);
    expect(await judge(25)).toBe(1);
    expect(await judge(5 + 2 * 1_440)).toBe(1);
    expect(await verdicts()).toMatchObject([
      { actual: 110, resolved: true },
      { actual: null, error: null, resolved: true },
    ]);
    expect(await scores()).toMatchObject([{ judged: 1, given_up: 1, actual: 110 }]);
  });

  it("takes measured zeros for what they are", async () => {
    await predict(0);
    await store([0, 0], [1, 0], [2, 0], [3, 0], [4, 0]);
    await judge(10);
    expect(await verdicts()).toMatchObject([{ actual: 0, error: 100 }]);
    const [accuracy] =
      await db.owner`select bias, relative_error, coverage_q10 from flyahead_api.prediction_accuracy`;
    expect(accuracy).toEqual({ bias: 100, relative_error: null, coverage_q10: 1 });
  });

  it("keeps sources and horizons apart, and adds up to what the rows say", async () => {
    for (let bin = 0; bin < 24; bin++) {
      for (const horizon of [900, 3_600]) await predict(5 * bin, { madeAt: 5 * bin - horizon / 60, horizon });
      await predict(5 * bin, { madeAt: 5 * bin - 15, source: "prophet" });
      await store(
        ...([0, 1, 2, 3, 4] as const).map((i): [number, number] => [
          5 * bin + i,
          60 + ((7 * bin + 13 * i) % 100),
        ]),
      );
    }
    expect(await judge(200)).toBe(72);
    const rows = await db.owner`
    select source, horizon_seconds as horizon, count(*)::int as judged, sum(actual) as actual, sum(error) as error, sum(abs(error)) as absolute_error,
      count(*) filter (where actual <= load[4])::int as under_q95
    from flyahead.traffic_predictions group by 1, 2 order by 1, 2`;
    expect(await scores()).toMatchObject([...rows]);
    expect(rows).toHaveLength(3);
  });

  it("two at once judge each once", async () => {
    for (let bin = 0; bin < 12; bin++) await predict(5 * bin, { madeAt: 5 * bin - 15 });
    await store(...Array.from({ length: 60 }, (_, minute): [number, number] => [minute, 100]));
    await judge(-60);
    const both = await Promise.all(
      [1, 2].map(() =>
        db.asService
          .unsafe(`select 1`)
          .then(
            () => db.owner`select flyahead.resolve_predictions(${formatInstant(START + 3 * HOUR_MS)}) as n`,
          ),
      ),
    );
    expect(both.reduce((sum, [row]) => sum + (row?.n as number), 0)).toBe(12);
    expect(await scores()).toMatchObject([{ judged: 12 }]);
  });
});
