/** The views and functions that people query: explained to the last column, and consistent with each other. */
import { beforeAll, describe, expect, it } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";

const START = Date.UTC(2026, 5, 15);
const POOLS = ["fra", "iad"].map((region) => ({ app: "shop", region, processGroup: "web" }));
let db: Database;

const requestsAt = (minute: number, i: number) => 100 * (i + 1) + (minute % 97);

describeOnEveryDatabase("views", (open) => {
  beforeAll(async () => {
    db = await open();
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-06-18T00:00Z')`;
    for (const { region } of POOLS)
      await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', ${region}, 'web')`;
    const samples = POOLS.flatMap((pool, i) =>
      Array.from({ length: 3 * 1_440 }, (_, minute) => ({
        pool,
        at: START + minute * MINUTE_MS,
        requests: requestsAt(minute, i),
      })),
    );
    for (let i = 0; i < samples.length; i += 5_000)
      await createPostgresSamples(db.asService).store(samples.slice(i, i + 5_000), START + 3 * DAY_MS);
    await db.owner`select flyahead.refresh_rollups()`;
  });

  it("every view, column and function for people says what it means", async () => {
    const silent = await db.owner`
    select c.relname || coalesce('.' || a.attname, '') as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname = 'flyahead_api' and c.relkind = 'v' and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
    union all select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'flyahead_api' and obj_description(p.oid, 'pg_proc') is null
    union all select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'flyahead' and c.relkind in ('r', 'p') and not c.relispartition and obj_description(c.oid, 'pg_class') is null`;
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  describe("flyahead_api.traffic", () => {
    const traffic = (since: string, until: string, step: string | null) => db.owner<
      { region: string; bucket: Date; requests: number; peak: number; minutes: number; resolution: string }[]
    >`
    select region, bucket, requests, peak_requests_per_minute as peak, minutes_measured::integer as minutes, resolution
    from flyahead_api.traffic('shop', ${since}::timestamptz, ${until}::timestamptz, ${step}::interval)`;

    it.each([
      ["1 minute", "1 minute"],
      ["7 minutes", "1 minute"],
      ["5 minutes", "5 minutes"],
      ["15 minutes", "5 minutes"],
      ["90 minutes", "5 minutes"],
      ["1 hour", "1 hour"],
      ["6 hours", "1 hour"],
      ["1 day", "1 day"],
      ["3 days", "1 day"],
    ])("answers a step of %s from %s, and adds up to the same", async (step, resolution) => {
      const rows = await traffic("2026-06-15T00:00Z", "2026-06-18T00:00Z", step);
      expect(new Set(rows.map((row) => row.resolution))).toEqual(new Set([resolution]));
      for (const [i, { region }] of POOLS.entries()) {
        const own = rows.filter((row) => row.region === region);
        const total = Array.from({ length: 3 * 1_440 }, (_, minute) => requestsAt(minute, i)).reduce(
          (sum, load) => sum + load,
          0,
        );
        expect(own.reduce((sum, row) => sum + row.requests, 0)).toBe(total);
        expect(own.reduce((sum, row) => sum + row.minutes, 0)).toBe(3 * 1_440);
        expect(Math.max(...own.map((row) => row.peak))).toBe(100 * (i + 1) + 96);
      }
    });

    it("chooses a step that suits the span", async () => {
      const until = new Date(START + 3 * DAY_MS).toISOString();
      const chosen = async (spanMs: number) =>
        (await traffic(new Date(START + 3 * DAY_MS - spanMs).toISOString(), until, null))[0]?.resolution;
      expect(await chosen(HOUR_MS)).toBe("1 minute");
      expect(await chosen(DAY_MS)).toBe("5 minutes");
      expect(await chosen(3 * DAY_MS)).toBe("1 hour");
      expect(await chosen(30 * DAY_MS)).toBe("1 day");
    });

    it("begins with the bucket that holds the first instant", async () => {
      const [first] = await traffic("2026-06-15T09:20Z", "2026-06-15T12:00Z", "1 hour");
      expect(first).toMatchObject({ bucket: new Date("2026-06-15T09:00Z"), minutes: 60 });
    });

    it.each(["45 seconds", "90 seconds", "0 seconds", "-1 hour"])("refuses a step of %s", async (step) => {
      await expect(traffic("2026-06-15T00:00Z", "2026-06-16T00:00Z", step)).rejects.toThrow(
        /a step is a whole number of minutes/,
      );
    });
  });

  it("traffic_metrics tells the same at each resolution", async () => {
    const rows = await db.owner`
    select resolution, sum(requests) as requests, sum(minutes_measured)::int as minutes, max(peak_requests_per_minute) as peak from flyahead_api.traffic_metrics
    where app = 'shop' and region = 'fra' group by 1`;
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(({ requests, minutes, peak }) => `${requests} ${minutes} ${peak}`)).size).toBe(1);
  });

  it("boot_times shows how long boots took of late, per pool, path and evidence", async () => {
    const [pool] = await db.owner`select id from flyahead.worker_regions where region = 'fra'`;
    await db.owner`
      insert into flyahead.boot_times
      select ${pool?.id}, 'm' || i, case when i > 100 then 'create' else 'start' end, flyahead.now() - i * interval '1 minute',
        flyahead.now() - i * interval '1 minute' + interval '1 second', i, case when i > 110 then 'atMost' else 'event' end
      from generate_series(1, 120) i`;
    await db.owner`insert into flyahead.boot_times values (${pool?.id}, 'old', 'start', flyahead.now() - interval '31 days', flyahead.now(), 9999, 'event')`;
    const rows = await db.owner`
      select app, region, process_group, path, evidence, boots, p50_seconds as p50, p95_seconds as p95, p99_seconds as p99
      from flyahead_api.boot_times order by path, evidence`;
    const fra = { app: "shop", region: "fra", process_group: "web" };
    expect([...rows]).toEqual([
      { ...fra, path: "create", evidence: "atMost", boots: 10, p50: 115.5, p95: 119.55, p99: 119.91 },
      { ...fra, path: "create", evidence: "event", boots: 10, p50: 105.5, p95: 109.55, p99: 109.91 },
      { ...fra, path: "start", evidence: "event", boots: 100, p50: 50.5, p95: 95.05, p99: 99.01 },
    ]);
  });

  it("region_status shows machines by state and health, the newest call and the next peak", async () => {
    const [pool] = await db.owner`select id from flyahead.worker_regions where region = 'fra'`;
    const machine = (id: string, state: string, health: string) => db.owner`
    insert into flyahead.workers (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at) values (${id}, ${pool?.id}, ${id}, ${state}, ${health}, false, now(), now())`;
    await machine("a", "started", "passing");
    await machine("b", "started", "failing");
    await machine("c", "stopped", "unknown");
    await machine("d", "launch_failed", "unknown");
    await db.owner`insert into flyahead.forecast_state (pool_id, hot, saved_at, next_peak_at, next_peak_load) values (${pool?.id}, '{}', now(), '2026-06-18T19:00Z', 321)`;
    const [status] = await db.owner`
    select pool_id, started, stopped, other, failing, by_state, by_health, load, next_peak_load, last_action, last_decision from flyahead_api.region_status where region = 'fra'`;
    expect(status).toEqual({
      pool_id: pool?.id,
      started: 2,
      stopped: 1,
      other: 1,
      failing: 1,
      by_state: { started: 2, stopped: 1, launch_failed: 1 },
      by_health: { passing: 1, failing: 1, unknown: 0 },
      load: requestsAt(3 * 1_440 - 1, 0),
      next_peak_load: 321,
      last_action: null,
      last_decision: null,
    });
  });
});
