/** An embedded Postgres of its own for a bench, with all migrations; or a database on a server that is named. */
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

export type BenchDatabase = { readonly name: string; readonly sql: Sql; close(): Promise<void> };

/** @param settings of the server; a bench of queries wants more memory than a demo. */
export async function embeddedDatabase(
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchDatabase> {
  const folder = makeTempFolder();
  const server = await startPostgres({ folder: folder.path, settings });
  const url = await server.createDatabase("bench");
  await applyMigrations(url);
  const sql = connectPostgres(url);
  return {
    name: `native, embedded Postgres ${server.major}`,
    sql,
    async close() {
      await sql.end();
      await server.close();
      folder.remove();
    },
  };
}

/** A database on each server of TIMESCALE_DATABASE_URL, dropped on close. */
export async function timescaleDatabases(): Promise<BenchDatabase[]> {
  const urls = (process.env.TIMESCALE_DATABASE_URL ?? "").split(",").filter((url) => url.trim() !== "");
  return Promise.all(
    urls.map(async (server, i) => {
      const name = `flyahead_bench_${process.pid}_${i}`;
      const admin = connectPostgres(server);
      await admin.unsafe(`create database ${name}`);
      const url = new URL(server);
      url.pathname = `/${name}`;
      const sql = connectPostgres(url.href);
      await sql`create extension if not exists timescaledb`;
      await applyMigrations(url.href);
      const [mode] = await sql<{ mode: string }[]>`select flyahead.storage_mode() as mode`;
      return {
        name: `${mode!.mode}, TimescaleDB`,
        sql,
        async close() {
          await sql.end();
          await admin.unsafe(`drop database ${name} with (force)`);
          await admin.end();
        },
      };
    }),
  );
}

export async function addPools(sql: Sql, app: string, regions: number, groups = 1): Promise<void> {
  await sql`
    insert into flyahead.worker_regions (app, region, process_group, effective_policy, observed_at)
    select ${app}, 'r' || r, 'g' || g, '{"requestsPerWorker": 500, "minWorkers": 1, "maxWorkers": 20, "timeZone": "UTC"}', flyahead.now()
    from generate_series(1, ${regions}::int) r, generate_series(1, ${groups}::int) g`;
}
