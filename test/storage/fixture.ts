/**
 * Samples for the storage suites: the pool `shop/app` in two regions, a clock that stands still (simulated_now), and samples
 * written as the functions write them. A sample is told by its region and instant, so a plain Map is the whole model.
 */
import { numberArray, type Sql, textArray } from "../../src/adapters/postgres/connect.ts";
import type { Database } from "../support/databases.ts";

export type Sample = { readonly region: string; readonly at: string; readonly requests: number };

export const NOW = "2026-03-10T12:34:00Z";
/** When samples were stored that are older than keep_samples at `NOW`: later they would not be taken. */
export const LONG_AGO = "2020-01-02T00:00:00Z";

/** Two pools, the clock at `NOW`. */
export async function furnish({ owner }: Database): Promise<void> {
  await owner`insert into flyahead.worker_regions (app, region, process_group)
    values ('shop', 'fra', 'app'), ('shop', 'iad', 'app')`;
  await setSetting(owner, "simulated_now", NOW);
}

export async function setSetting(owner: Sql, name: string, value: string): Promise<void> {
  await owner`insert into flyahead.settings (name, value) values (${name}, ${value})
    on conflict (name) do update set value = excluded.value`;
}

/** Through flyahead.store_samples, as if it were `now`; answers the row numbers of unknown pools. */
export async function store(
  sql: Sql,
  samples: readonly Sample[],
  now: string = NOW,
): Promise<readonly number[]> {
  const all = (one: string) => textArray(samples.map(() => one));
  const nothing = numberArray(samples.map(() => null));
  const [row] = await sql<{ unknown: number[] }[]>`
    select to_json(flyahead.store_samples(
      ${now}, ${all("shop")}::text::text[], ${textArray(samples.map(({ region }) => region))}::text::text[], ${all("app")}::text::text[],
      ${textArray(samples.map(({ at }) => at))}::text::timestamptz[], ${numberArray(samples.map(({ requests }) => requests))}::text::float8[],
      ${nothing}::text::float8[], ${nothing}::text::real[], ${nothing}::text::real[], ${nothing}::text::real[],
      ${nothing}::text::real[], ${nothing}::text::real[], ${nothing}::text::real[])) as unknown`;
  return row?.unknown ?? [];
}

/** All samples, in the order of region and time. */
export async function stored(sql: Sql): Promise<Sample[]> {
  const rows = await sql<Sample[]>`
    select w.region, to_char(s.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, s.requests
    from flyahead.traffic_samples s join flyahead.worker_regions w on w.id = s.pool_id
    order by w.region, s.at`;
  return rows.map((row) => ({ ...row }));
}

/** The UTC days that have samples. */
export async function storedDays(sql: Sql): Promise<string[]> {
  const rows = await sql<{ day: string }[]>`
    select distinct to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day from flyahead.traffic_samples order by 1`;
  return rows.map(({ day }) => day);
}

/** One sample at each hour of each day, the two regions in turn: the load tells day and hour apart. */
export function hourly(days: readonly string[]): Sample[] {
  return days.flatMap((day) =>
    Array.from({ length: 24 }, (_, hour) => ({
      region: hour % 2 === 0 ? "fra" : "iad",
      at: `${day}T${String(hour).padStart(2, "0")}:00:00Z`,
      requests: Number(day.slice(-2)) * 100 + hour,
    })),
  );
}

/** 'YYYY-MM-DD' of `count` days, the last of them `last`. */
export function daysUntil(last: string, count: number): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  return Array.from({ length: count }, (_, i) =>
    new Date(end - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10),
  );
}
