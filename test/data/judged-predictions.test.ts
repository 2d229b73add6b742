/**
 * What waits to be judged in odd times: the refresh stood still for days, an upgrade brings weeks of old predictions, loads
 * are no whole numbers, two judge in one moment. The ordinary course is in test/data/predictions.test.ts.
 */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { DAY_MS, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Database, useEmbedded } from "../support/databases.ts";

const START = Date.UTC(2026, 5, 17, 9);
const open = useEmbedded();
let db: Database;

const iso = (minute: number) => formatInstant(START + minute * MINUTE_MS);
const setNow = (now: Instant) =>
  db.owner`update flyahead.settings set value = ${formatInstant(now)} where name = 'simulated_now'`;
const judge = async (minute: number, batch = 20_000): Promise<number> =>
  (await db.owner`select flyahead.resolve_predictions(${iso(minute)}, ${batch}) as n`)[0]?.n;
const refresh = async (notes = 5_000): Promise<number> =>
  (await db.owner`select flyahead.refresh_rollups(${notes}) as n`)[0]?.n;
/** Minutes as a pusher sends them, one note each. */
const measure = (from: number, until: number, load: string) =>
  db.owner.unsafe(`
    select flyahead.ensure_sample_days('${iso(from)}', '${iso(until)}');
    insert into flyahead.traffic_samples (pool_id, at, requests, received_at)
    select 1, at, ${load}, at from generate_series(timestamptz '${iso(from)}', timestamptz '${iso(until - 1)}', interval '1 minute') with ordinality as g (at, n);
    insert into flyahead.rollup_queue (pool_id, since, until)
    select 1, at, at + interval '1 minute' from generate_series(timestamptz '${iso(from)}', timestamptz '${iso(until - 1)}', interval '1 minute') at`);
const predictEvery5 = (from: number, until: number, load = "{80,100,120,130,150}", pools = "1") =>
  db.owner.unsafe(`
    insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, model, confidence, load)
    select pool, at - interval '15 minutes', 900, at, 'm', 1, '${load}'
    from generate_series(timestamptz '${iso(from)}', timestamptz '${iso(until - 5)}', interval '5 minutes') at, unnest(array[${pools}]) pool`);

const scores = () =>
  db.owner`
  select pool_id, day::text, judged, given_up, round(actual::numeric, 3) as actual, round(absolute_error::numeric, 3) as absolute_error,
    round(error::numeric, 3) as error, round(pinball::numeric, 2) as pinball, array[under_q10, under_q50, under_q90, under_q95, under_q99]::text as under
  from flyahead.prediction_scores order by 1, 2`.then((rows) => [...rows]);
/** The same from the single predictions, quantile by quantile. */
const recomputed = () => db.owner`
  select pool_id, (target_at at time zone 'UTC')::date::text as day, count(actual)::int as judged, count(*) filter (where actual is null)::int as given_up,
    round(coalesce(sum(actual), 0)::numeric, 3) as actual, round(coalesce(sum(abs(load[2] - actual)), 0)::numeric, 3) as absolute_error,
    round(coalesce(sum(load[2] - actual), 0)::numeric, 3) as error,
    round(coalesce(sum((greatest(0.1 * (actual - load[1]), 0.9 * (load[1] - actual)) + greatest(0.5 * (actual - load[2]), 0.5 * (load[2] - actual))
      + greatest(0.9 * (actual - load[3]), 0.1 * (load[3] - actual)) + greatest(0.95 * (actual - load[4]), 0.05 * (load[4] - actual))
      + greatest(0.99 * (actual - load[5]), 0.01 * (load[5] - actual))) / 5), 0)::numeric, 2) as pinball,
    array[count(*) filter (where actual <= load[1]), count(*) filter (where actual <= load[2]), count(*) filter (where actual <= load[3]),
      count(*) filter (where actual <= load[4]), count(*) filter (where actual <= load[5])]::text as under
  from flyahead.traffic_predictions where resolved_at is not null group by 1, 2 order by 1, 2`;

beforeAll(async () => {
  db = await open();
  await db.owner`insert into flyahead.worker_regions (app, region, process_group) select 'shop', 'r' || n, 'web' from generate_series(1, 3) n`;
  await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-06-17')`;
});
beforeEach(
  () =>
    db.owner`truncate flyahead.traffic_predictions, flyahead.prediction_scores, flyahead.traffic_samples, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.rollup_queue`,
);

it("gives nothing up whose minutes still wait for the refresh", async () => {
  await measure(0, 180, "n");
  await predictEvery5(0, 180);
  await setNow(START + 3 * DAY_MS);
  expect(await refresh(60)).toBe(60);
  expect([...(await db.owner`select judged, given_up from flyahead.prediction_scores`)]).toEqual([
    { judged: 12, given_up: 0 },
  ]);
  while ((await refresh(60)) > 0);
  const rows = await db.owner`select actual from flyahead.traffic_predictions order by target_at`;
  expect(rows.map((row) => row.actual)).toEqual(Array.from({ length: 36 }, (_, i) => 5 * i + 5));
  expect([...(await db.owner`select judged, given_up from flyahead.prediction_scores`)]).toEqual([
    { judged: 36, given_up: 0 },
  ]);
});

it("covers a load that is no whole number and was predicted exactly", async () => {
  for (const [i, load] of [33.33, 33.3, 0.1, 0.7, 1234.56].entries()) {
    await measure(5 * i, 5 * i + 5, String(load));
    await predictEvery5(5 * i, 5 * i + 5, `{${new Array(5).fill(load).join(",")}}`);
  }
  await setNow(START);
  await refresh();
  expect(await judge(60)).toBe(5);
  expect([
    ...(await db.owner`select under_q10, under_q50, under_q99 from flyahead.prediction_scores`),
  ]).toEqual([{ under_q10: 5, under_q50: 5, under_q99: 5 }]);
});

it.each(["1e-50", "5e-324", "1e300", "1e39", "1e12"])("a sample of %s stops nothing", async (load) => {
  await measure(0, 5, load);
  await predictEvery5(0, 5, "{0,0,0,0,0}");
  await measure(5, 10, "100");
  await predictEvery5(5, 10);
  await setNow(START + 10 * MINUTE_MS);
  await refresh();
  expect([...(await db.owner`select judged from flyahead.prediction_scores`)]).toEqual([{ judged: 2 }]);
});

it("judges many in batches, the oldest first, and keeps scores that are what the rows say", async () => {
  const load = "(n * 37) % 211 + n / 7.0";
  await measure(0, 2_880, load);
  await predictEvery5(0, 2_880, "{20.5,100,180.25,200,230}", "1,2,3");
  await db.owner`delete from flyahead.rollup_queue`;
  await db.owner`insert into flyahead.rollup_queue (pool_id, since, until) select 1, d, d + interval '24 hours' from generate_series(timestamptz '2026-06-17 00:00Z', '2026-06-19 00:00Z', interval '1 day') d`;
  await setNow(START - DAY_MS);
  await refresh();
  const day = 1_440;
  // Of pools 2 and 3 nobody measured anything: two days later their first day is given up.
  expect(await judge(3 * day, 500)).toBe(500);
  const judged = async () =>
    (
      await db.owner`select max(target_at) filter (where resolved_at is not null) < min(target_at) filter (where resolved_at is null and pool_id = 1) as oldest_first from flyahead.traffic_predictions`
    )[0];
  expect(await judged()).toEqual({ oldest_first: true });
  expect(await judge(3 * day, 500)).toBe(500);
  expect(await judge(3 * day, 500)).toBe(576 + 2 * 289 - 1_000);
  expect(await judge(3 * day, 500)).toBe(0);
  expect([...(await recomputed())]).toEqual([...(await scores())]);
  expect(await judge(5 * day)).toBe(2 * 287);
  expect([...(await recomputed())]).toEqual([...(await scores())]);
  // A correction changes the rollup, not the verdict.
  const before = await scores();
  await db.owner`update flyahead.traffic_samples set requests = 9999`;
  await db.owner`insert into flyahead.rollup_queue values (1, ${iso(0)}, ${iso(60)})`;
  await refresh();
  expect(await judge(9 * day)).toBe(0);
  expect(await scores()).toEqual(before);
});

it("two in one moment: what one has in hand the other leaves alone, without waiting for it", async () => {
  await measure(0, 60, "100");
  await predictEvery5(0, 60);
  await setNow(START - DAY_MS);
  await refresh();
  await db.owner.begin(async (one) => {
    const resolve = (sql: typeof one, minute: number) =>
      sql`select flyahead.resolve_predictions(${iso(minute)}) as n`;
    expect((await resolve(one, 60))[0]?.n).toBe(12);
    expect(await judge(60)).toBe(0);
  });
  expect(await judge(60)).toBe(0);
  expect([...(await db.owner`select judged from flyahead.prediction_scores`)]).toEqual([{ judged: 12 }]);
});

it("a verdict that is rolled back is reached again", async () => {
  await measure(0, 5, "100");
  await predictEvery5(0, 5);
  await setNow(START - DAY_MS);
  await refresh();
  const lost = db.owner.begin(async (sql) => {
    await sql`select flyahead.resolve_predictions(${iso(60)})`;
    throw new Error("the connection went");
  });
  await expect(lost).rejects.toThrow("the connection went");
  expect(await judge(60)).toBe(1);
  expect([...(await db.owner`select judged from flyahead.prediction_scores`)]).toEqual([{ judged: 1 }]);
});

// scikit-learn's documentation of mean_pinball_loss: of these for 1, 2, 3, at quantile 0.1 and 0.9. Ours is a mean over five
// quantiles, so the four others are given what came.
it.each([
  ["0.1", "{0,2,3}", 0.03333],
  ["0.1", "{1,2,4}", 0.3],
  ["0.9", "{0,2,3}", 0.3],
  ["0.9", "{1,2,4}", 0.03333],
])("has the published pinball loss at quantile %s of %s", async (quantile, forecast, loss) => {
  const place = quantile === "0.1" ? 1 : 3;
  const [row] = await db.owner`
    select 5 * avg(flyahead.pinball_loss(actual, array[
      case when ${place}::integer = 1 then x else actual end, actual, case when ${place}::integer = 3 then x else actual end, actual, actual]::real[])) as loss
    from unnest(array[1, 2, 3]::double precision[], ${forecast}::text::double precision[]) as k (actual, x)`;
  expect(row?.loss).toBeCloseTo(loss, 5);
});
