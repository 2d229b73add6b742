/**
 * For the tests of the import: a database with two pools and a clock that stands still, files of traffic, and the
 * importer run as a person runs it.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import type { Database } from "../support/databases.ts";

const PROJECT = resolve(import.meta.dirname, "../..");

export const NOW = "2026-11-10T12:34:00Z";

/** shop/app in fra and iad, the clock at `NOW`. */
export async function furnish({ owner }: Database): Promise<void> {
  await owner`insert into flyahead.worker_regions (app, region, process_group)
    values ('shop', 'fra', 'app'), ('shop', 'iad', 'app')`;
  await owner`insert into flyahead.settings (name, value) values ('simulated_now', ${NOW})`;
}

/** All that an import leaves behind is gone. */
export async function clear({ owner }: Database): Promise<void> {
  await owner`delete from flyahead.traffic_samples`;
  await owner`truncate flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.rollup_queue, flyahead.forecast_state`;
  await owner`delete from flyahead.worker_regions where region not in ('fra', 'iad')`;
}

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly onStderr?: (soFar: string, kill: () => void) => void;
};

/** Runs the importer to its end. */
export function runImport(
  url: string | null,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/import-history.ts", ...args], {
    cwd: PROJECT,
    env: {
      ...env,
      ...(url === null ? {} : { DATABASE_URL: url }),
      FLYAHEAD_STACK: join(PROJECT, "there-is-no-such-file"),
      ...options.env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    options.onStderr?.(stderr, () => child.kill("SIGKILL"));
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
}

export function writeCsv(file: string, header: string, rows: readonly string[]): string {
  writeFileSync(file, `${header}\n${rows.join("\n")}\n`);
  return file;
}

/** A row a minute: "2026-…Z,<region>,<requests>". */
export function minuteRows(
  from: string,
  minutes: number,
  region = "fra",
  load = (minute: number) => minute,
): string[] {
  const start = Date.parse(from);
  return Array.from(
    { length: minutes },
    (_, i) => `${formatInstant(start + i * MINUTE_MS)},${region},${load(i)}`,
  );
}

export type StoredMinute = { readonly region: string; readonly at: string; readonly requests: number };

export async function storedMinutes(sql: Sql): Promise<StoredMinute[]> {
  const rows = await sql<StoredMinute[]>`
    select w.region, to_char(s.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, s.requests
    from flyahead.traffic_samples s join flyahead.worker_regions w on w.id = s.pool_id order by w.region, s.at`;
  return rows.map((row) => ({ ...row }));
}

/** Rollups beside what the samples add up to: nothing where all is right. */
export async function rollupFaults(sql: Sql): Promise<unknown[]> {
  const rows = await sql`
    with due as (
      select pool_id, flyahead.bucket(width, at) as at, width, count(*) as minutes, sum(requests) as requests, max(requests) as peak
      from flyahead.traffic_samples, unnest(array['5 minutes', '1 hour', '1 day']::interval[]) width group by 1, 2, 3
    ), made as (
      select pool_id, at, interval '5 minutes' as width, minutes, requests, peak from flyahead.traffic_5m
      union all select pool_id, at, '1 hour', minutes, requests, peak from flyahead.traffic_1h
      union all select pool_id, at, '1 day', minutes, requests, peak from flyahead.traffic_1d
    )
    select * from due full join made using (pool_id, at, width)
    where (due.minutes, due.peak) is distinct from (made.minutes, made.peak) or abs(due.requests - made.requests) > 1e-6 * due.requests`;
  return [...rows];
}
