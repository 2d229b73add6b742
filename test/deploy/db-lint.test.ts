/**
 * Every plpgsql function of the database, read by plpgsql_check (what `supabase db lint` runs): types that do not fit, columns and
 * functions that are not there, unused variables, volatility that is promised and not kept.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import type { LocalPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { PG_CRON, PG_NET, VAULT } from "../schedule/stand-ins.ts";
import { startDebianPostgres, whyNoDebianPostgres } from "../support/debian-postgres.ts";

const why = whyNoDebianPostgres("plpgsql_check");

describe.skipIf(why !== null)(why ?? "plpgsql_check", () => {
  const folder = makeTempFolder();
  let server: LocalPostgres;
  let sql: Sql;

  beforeAll(async () => {
    server = await startDebianPostgres(folder.path);
    const url = await server.createDatabase("linted");
    await applyMigrations(url);
    sql = connectPostgres(url);
    await sql.unsafe("create extension plpgsql_check");
    // What a function names in an EXECUTE is checked too where it can be told: so it has to be there.
    await sql.unsafe(`${VAULT} ${PG_CRON} ${PG_NET} create temp table once (made_so int)`);
  });
  afterAll(async () => {
    await sql?.end();
    await server?.close();
    folder.remove();
  });

  it("finds nothing in any function", async () => {
    const found = await sql`
      select p.oid::regprocedure::text || coalesce(' line ' || c.lineno, '') as where, c.level, c.message, c.hint
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
      left join pg_trigger t on t.tgfoid = p.oid and not t.tgisinternal
      cross join lateral plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0), other_warnings => true, extra_warnings => false) c
      where n.nspname in ('flyahead', 'flyahead_api')`;
    expect([...found]).toEqual([]);
  });
});
