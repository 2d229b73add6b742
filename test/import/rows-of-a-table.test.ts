// The other door of the import: rows of another table, by SQL and as the owner. It has to come out as a file with the
// same rows would.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";
import { clear, furnish, rollupFaults, storedMinutes } from "./fixture.ts";

describeOnEveryDatabase("import_traffic", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
    await furnish(db);
    await db.owner`create schema own`;
    await db.owner`create table own.request_log (served_at timestamptz, region text, status integer, ms real)`;
    await db.owner`insert into own.request_log
      select timestamptz '2026-11-01 23:30:00+00' + n * interval '1 second', case when n % 3 = 0 then 'iad' else 'fra' end,
        case when n % 50 = 0 then 500 else 200 end, n % 100
      from generate_series(0, 3599) n`;
  });
  beforeEach(() => clear(db));

  /** Arguments by their names, as SQL. */
  const take = async (query: string, args = "") => {
    const [row] = await db.owner.unsafe<{ answer: Record<string, unknown> }[]>(
      `select to_jsonb(answer) as answer from flyahead.import_traffic($query$${query}$query$${args === "" ? "" : `, ${args}`}) answer`,
    );
    return row!.answer;
  };
  const LOG = `select date_trunc('minute', served_at) as at, 'shop' as app, region, count(*) as requests,
    count(*) filter (where status >= 500) as errors, percentile_cont(0.95) within group (order by ms) as p95_latency_ms
    from own.request_log group by 1, 3 order by 1`;

  it("takes a log of requests, summed by minute; the same again changes nothing", async () => {
    await db.owner`insert into flyahead.forecast_state (pool_id, hot, saved_at) select id, '{}', now() from flyahead.worker_regions`;
    expect(await take(LOG)).toEqual({
      ...{
        taken: 120,
        replaced: 0,
        unchanged: 0,
        refused: 0,
        refused_by: {},
        new_pools: null,
        running_ticks: null,
      },
      ...{ pools: ["shop/app@fra", "shop/app@iad"] },
      ...{ first: "2026-11-01T23:30:00+00:00", last: "2026-11-02T00:29:00+00:00" },
    });
    const minutes = await storedMinutes(db.owner);
    expect(minutes.reduce((sum, { requests }) => sum + requests, 0)).toBe(3_600);
    expect(minutes.filter(({ region }) => region === "fra").map(({ requests }) => requests)).toEqual(
      Array.from({ length: 60 }, () => 40),
    );
    const [sums] =
      await db.owner`select sum(errors) as errors, count(p95_latency_ms)::integer as latencies from flyahead.traffic_samples`;
    expect(sums).toEqual({ errors: 72, latencies: 120 });
    expect(await rollupFaults(db.owner)).toEqual([]);
    expect(await db.owner`select from flyahead.forecast_state`).toHaveLength(0);
    expect(await take(LOG)).toMatchObject({ taken: 120, replaced: 0, unchanged: 120 });
  });

  it("adds single requests up by itself, where their table has a row each", async () => {
    const query = "select served_at as at, region, 1 as requests from own.request_log";
    expect(await take(query, "p_app => 'shop', p_bin_seconds => 1")).toMatchObject({
      taken: 120,
      refused: 0,
    });
    expect((await storedMinutes(db.owner))[0]).toEqual({
      region: "fra",
      at: "2026-11-01T23:30:00Z",
      requests: 40,
    });
  });

  it("finds columns by their names, in any order; a trailing comment does no harm", async () => {
    const query =
      "select 0.5 as cpu, 7::smallint as requests, 'x' as note, '2026-11-01 10:00+00'::timestamptz as at -- that is all";
    expect(await take(query, "p_app => 'shop', p_region => 'fra'")).toMatchObject({ taken: 1 });
    expect([...(await db.owner`select requests, cpu, memory, errors from flyahead.traffic_samples`)]).toEqual(
      [{ requests: 7, cpu: 0.5, memory: null, errors: null }],
    );
  });

  it("reads times of each type to the same instant, and asks for the zone of those without one", async () => {
    const where = "p_app => 'shop', p_region => 'fra'";
    for (const at of [
      ..."timestamptz '2026-11-01 10:00+00'|1793527200|1793527200000|1793527200.0::float8|1793527200::numeric".split(
        "|",
      ),
      ...["'2026-11-01T10:00:00Z'", "'2026-11-01 11:00:00+01'", "'2026-11-01 11:00:00+01:00'::varchar"],
    ]) {
      await clear(db);
      expect([at, (await take(`select ${at} as at, 1 as requests`, where)).taken]).toEqual([at, 1]);
      expect([at, (await storedMinutes(db.owner))[0]?.at]).toEqual([at, "2026-11-01T10:00:00Z"]);
    }
    for (const at of ["timestamp '2026-11-01 11:00'", "'2026-11-01 11:00:00'", "'2026-11-01 11:00'"]) {
      await clear(db);
      const query = `select ${at} as at, 1 as requests`;
      await expect(take(query, where)).rejects.toThrow(/a time without its zone/);
      expect(await take(query, `${where}, p_time_zone => 'Europe/Berlin'`)).toMatchObject({ taken: 1 });
      expect((await storedMinutes(db.owner))[0]?.at).toBe("2026-11-01T10:00:00Z");
    }
    await expect(take("select true as at, 1 as requests", where)).rejects.toThrow(
      /column at is of type boolean/,
    );
  });

  it("refuses what cannot be taken, by reason, and takes the rest", async () => {
    const query = `select * from (values
      ('2026-11-01 00:00+00'::timestamptz, 'fra', 1::float8, 0.5::float8), ('2026-11-01 00:01+00', 'nrt', 2, 0.5), ('2026-11-01 00:02+00', 'fra', -3, 0.5),
      ('2026-11-01 00:03+00', 'fra', 'nan', 0.5), ('2026-11-01 00:04+00', 'fra', null, 0.5), (null, 'fra', 6, 0.5),
      ('2026-11-01 00:06+00', 'fra', 7, 50), ('2029-01-01 00:00+00', 'fra', 8, 0.5), ('2026-11-01 00:08+00', null, 9, 0.5),
      ('2026-11-01 00:09+00', 'fra', 10, 1e-300), ('2026-11-01 00:09:30+00', 'fra', 11, 'infinity'), ('infinity', 'fra', 12, 0)
    ) t (at, region, requests, cpu)`;
    const { refused_by, ...counts } = await take(query, "p_app => 'shop'");
    expect(counts).toMatchObject({ taken: 2, refused: 10 });
    expect(refused_by).toEqual({
      "requests is not between 0 and 1e12": 2,
      "requests is missing; leave out what was not measured": 1,
      "at is missing": 1,
      "cpu is no share between 0 and 1": 2,
      "at is in the future; is its unit right?": 2,
      "region is missing or no name of a region": 1,
      "no pool shop/app@nrt: a first tick finds pools in Fly's machine list, p_create_pools => true makes them": 1,
    });
    expect(await storedMinutes(db.owner)).toEqual([
      { region: "fra", at: "2026-11-01T00:00:00Z", requests: 1 },
      { region: "fra", at: "2026-11-01T00:09:00Z", requests: 10 },
    ]);
    expect(await take(query.replace("11, 'infinity'", "11, 0"), "p_app => 'shop'")).toMatchObject({
      taken: 2,
      replaced: 1,
    });
  });

  it("p_dry_run tells and writes nothing, p_create_pools makes pools", async () => {
    const query =
      "select at, 'nrt' as region, 5 as requests from generate_series('2026-11-01'::timestamptz, '2026-11-02', '1 hour') at";
    const args = "p_app => 'shop', p_bin_seconds => 3600, p_create_pools => true";
    const dry = await take(query, `${args}, p_dry_run => true`);
    expect(dry).toMatchObject({ taken: 1500, refused: 0, new_pools: ["shop/app@nrt"] });
    expect(await storedMinutes(db.owner)).toEqual([]);
    expect(await db.owner`select from flyahead.worker_regions where region = 'nrt'`).toHaveLength(0);
    expect(await take(query, args)).toEqual(dry);
    expect(await rollupFaults(db.owner)).toEqual([]);
  });

  it("leaves nothing where the query fails, and says what is missing where columns do not fit", async () => {
    await expect(take("select 1 as requests")).rejects.toThrow(/the query answers no column at/);
    await expect(take("select now() as at")).rejects.toThrow(/the query answers no column requests/);
    await expect(take("select now() as at, 1 as requests", "p_bin_seconds => 7")).rejects.toThrow(
      /bins of 7 seconds/,
    );
    await expect(take("select now() as at, 1 / 0 as requests")).rejects.toThrow(/division by zero/);
    expect(await storedMinutes(db.owner)).toEqual([]);
  });

  it("tells of a tick that is running, for it may put back what its forecaster knew", async () => {
    await db.owner`select flyahead.acquire_lease('shop', '2026-11-10 12:30+00', 60000)`;
    const query = "select timestamptz '2026-11-01 10:00+00' as at, 1 as requests";
    expect(await take(query, "p_app => 'shop', p_region => 'fra'")).toMatchObject({
      running_ticks: ["shop"],
    });
    await db.owner`update flyahead.app_leases set expires_at = '-infinity'`;
  });

  describe("is for the owner alone:", () => {
    it.each([
      "flyahead.import_traffic('select now() as at, 1 as requests')",
      "flyahead.load_import_day('flyahead.worker_regions', now(), 60, true)",
      "flyahead.refuse_import_rows('flyahead.worker_regions')",
      "flyahead.match_import_pools('flyahead.worker_regions', true, false)",
      "flyahead.forget_forecasts('{1}')",
    ])("%s is refused to the functions' role", async (call) => {
      await expect(db.asService.unsafe(`select * from ${call}`)).rejects.toThrow(
        /permission denied for function/,
      );
    });
  });
});
