// The migrations on a server that has TimescaleDB, named by TIMESCALE_DATABASE_URL (CI has one as a service): the storage mode
// is the best that its edition offers, and samples go in and out as they do without it.
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyMigrations } from "../../src/local/migrations.ts";

const SERVER = process.env.TIMESCALE_DATABASE_URL;
const title = SERVER ? "TimescaleDB" : "skipped: TIMESCALE_DATABASE_URL is not set";

describe.skipIf(!SERVER)(title, () => {
  const database = `flyahead_${process.pid}`;
  const admin = postgres(SERVER ?? "", { max: 1, onnotice: () => {} });
  let sql: postgres.Sql;

  beforeAll(async () => {
    await admin.unsafe(`create database ${database}`);
    const url = new URL(SERVER!);
    url.pathname = `/${database}`;
    sql = postgres(url.href, { max: 1, onnotice: () => {} });
    await sql`create extension if not exists timescaledb`;
    await applyMigrations(url.href);
  });

  afterAll(async () => {
    await sql?.end();
    await admin.unsafe(`drop database if exists ${database} with (force)`);
    await admin.end();
  });

  test("samples live in a hypertable, compressed where the edition can", async () => {
    const [server] = await sql`select current_setting('timescaledb.license', true) as license`;
    const mode = server?.license === "timescale" ? "columnstore" : "hypertable";
    expect(await sql`select flyahead.storage_mode() as mode`).toEqual([{ mode }]);
    const chunks = await sql`select hypertable_name::text, compression_enabled as compressed
      from timescaledb_information.hypertables where hypertable_schema = 'flyahead'`;
    expect(chunks).toEqual([{ hypertable_name: "traffic_samples", compressed: mode === "columnstore" }]);
  });

  test("a sample is stored once, and the later write counts", async () => {
    await sql`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'app')`;
    const store = (requests: number) => sql`select flyahead.store_samples('2026-03-01 12:05+00',
      '{shop}', '{fra}', '{app}', '{2026-03-01 12:04+00}', ${sql.array([requests])}::double precision[],
      '{null}', '{null}', '{null}', '{null}', '{null}', '{null}', '{null}') as unknown`;
    expect(await store(5)).toEqual([{ unknown: [] }]);
    await store(7);
    expect(await sql`select requests, at from flyahead.traffic_samples`).toEqual([
      { requests: 7, at: new Date("2026-03-01T12:04:00Z") },
    ]);
  });
});
