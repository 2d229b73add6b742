/**
 * The real pg_cron of Debian fires the real jobs at a minute's boundary, and a request goes out and comes back: the whole way
 * that a slot takes on Supabase, but for pg_net's worker, whose part this test plays.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import type { LocalPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { startDebianPostgres, whyNoDebianPostgres } from "../support/debian-postgres.ts";
import { startTestServer, type TestServer } from "./http-server.ts";
import { PG_NET, postQueued, VAULT } from "./stand-ins.ts";

const MINUTE_AND_MORE_MS = 75_000;
const why = whyNoDebianPostgres("pg_cron");

describe.skipIf(why !== null)(why ?? "the schedule on a real pg_cron", () => {
  const folder = makeTempFolder();
  let server: LocalPostgres;
  let http: TestServer;
  let sql: Sql;

  beforeAll(async () => {
    server = await startDebianPostgres(folder.path, {
      shared_preload_libraries: "pg_cron",
      "cron.database_name": "hosted",
      "cron.use_background_workers": "on",
    });
    http = await startTestServer();
    const url = await server.createDatabase("hosted");
    sql = connectPostgres(url, { maxConnections: 2 });
    await sql.unsafe("create extension pg_cron");
    await sql.unsafe(VAULT);
    await sql.unsafe(PG_NET);
    await sql`select vault.create_secret(${http.url}, 'flyahead_url'), vault.create_secret('secret-word', 'flyahead_cron_token')`;
    await applyMigrations(url);
  });
  afterAll(async () => {
    await sql?.end();
    await server?.close();
    await http?.close();
    folder.remove();
  });

  it("does not keep an owner who may not use it from applying the migrations", async () => {
    const owner = { name: "plain_owner", password: "only-on-loopback" };
    const closed = await startDebianPostgres(folder.path, {
      shared_preload_libraries: "pg_cron",
      "cron.database_name": "hosted",
    });
    const admin = connectPostgres(await closed.createDatabase("hosted"));
    const plain = connectPostgres(closed.urlFor("hosted", owner));
    try {
      await admin.unsafe(`create extension pg_cron; create role plain_owner login createrole password '${owner.password}';
        grant create on database hosted to plain_owner; grant create on schema public to plain_owner`);
      await admin.unsafe(PG_NET);
      await applyMigrations(closed.urlFor("hosted", owner));
      const install = () => plain`select * from flyahead.install_schedule()`;
      await expect(install()).rejects.toThrow(/pg_net is not here, or its schema is closed to plain_owner/);
      await plain`select flyahead.follow_up(), flyahead.prune_schedule(), flyahead.remove_schedule()`;

      await admin`grant usage on schema net to plain_owner`;
      await expect(install()).rejects.toThrow(/pg_cron is not here, or its schema is closed to plain_owner/);
      await admin`grant usage on schema cron to plain_owner`;
      expect(await install()).toHaveLength(4);
      await plain`select flyahead.prune_schedule()`;
      expect(await plain`select flyahead.remove_schedule()`).toHaveLength(4);
    } finally {
      await Promise.all([admin.end(), plain.end()]);
      await closed.close();
    }
  });

  it("is installed by the migrations themselves, where the extensions are there", async () => {
    const jobs = await sql`select jobname, schedule, active from cron.job order by 1`;
    expect([...jobs]).toEqual([
      { jobname: "flyahead-follow-up", schedule: "* * * * *", active: true },
      { jobname: "flyahead-rollups", schedule: "* * * * *", active: true },
      { jobname: "flyahead-tick", schedule: "*/15 * * * *", active: true },
      { jobname: "flyahead-upkeep", schedule: "7 * * * *", active: true },
    ]);
  });

  it(
    "posts at the next minute, reads the answer, and every run of a job succeeds",
    async () => {
      await sql`select * from flyahead.install_schedule(1)`;
      const until = Date.now() + MINUTE_AND_MORE_MS;
      const answered = async () =>
        (await sql`select status_code from flyahead.schedule_requests where status_code is not null`)[0];
      while ((await answered()) === undefined && Date.now() < until) {
        await postQueued(sql);
        await new Promise((next) => setTimeout(next, 200));
        if (http.asked.length > 0) await sql`select flyahead.follow_up()`;
      }
      expect(http.asked[0]).toMatchObject({
        url: "/auto-scaling",
        body: {},
        headers: { authorization: "Bearer secret-word", "content-type": "application/json" },
      });
      expect(await answered()).toEqual({ status_code: 200 });
      const runs = async () =>
        sql`select distinct status from cron.job_run_details where end_time is not null`;
      expect([...(await runs())]).toEqual([{ status: "succeeded" }]);
      await sql`select * from flyahead.remove_schedule()`;
      expect(await sql`select from cron.job`).toHaveLength(0);
    },
    MINUTE_AND_MORE_MS + 10_000,
  );
});
