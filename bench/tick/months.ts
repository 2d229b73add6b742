/**
 * What ten pools take in a month, by living a part of it: real ticks on real samples, the rollups kept up. Postgres is measured
 * after a vacuum, since rows that are rewritten leave room for the next ones.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { KEPT_DAYS } from "../support/kept-days.ts";
import { median } from "../support/measure.ts";
import { type Cost, type Fleet, startWorld } from "./world.ts";

const MONTH_MS = 30 * DAY_MS;
const MB = 1024 * 1024;

export type Month = {
  readonly fleet: Fleet;
  readonly cadenceMinutes: 15 | 1;
  readonly redisCommands: number;
  readonly storedMb: number;
  /** After a year of use, with what is deleted by then gone. */
  readonly yearMb: number;
  /** Of the large and the small part of the forecasters' state, rewritten in place. */
  readonly stateMbADay: number;
  readonly hotBytes: number;
  readonly coldBytes: number;
  readonly sqlMb: number;
  readonly flyCalls: number;
};

export async function liveMonth(fleet: Fleet, cadenceMinutes: 15 | 1, hours: number): Promise<Month> {
  const world = await startWorld(fleet, cadenceMinutes);
  const { sql } = world.installation;
  try {
    const costs: Cost[] = [];
    const before = await sizes(sql);
    const ticks = (hours * HOUR_MS) / (cadenceMinutes * MINUTE_MS);
    for (let i = 0; i < ticks; i++) {
      await world.nextSlot();
      costs.push(await world.tick());
      if ((i * cadenceMinutes) % 60 === 0) await sql`select flyahead.refresh_rollups()`;
    }
    const after = await sizes(sql);
    const perDay = (table: string) =>
      (((after.get(table) ?? 0) - (before.get(table) ?? 0)) / (hours * HOUR_MS)) * DAY_MS;
    const stored = (daysOf: (kept: number) => number) =>
      Object.entries(KEPT_DAYS).reduce((sum, [table, kept]) => sum + perDay(table) * daysOf(kept), 0) / MB;
    const ticksAMonth = MONTH_MS / (cadenceMinutes * MINUTE_MS);
    const sum = (pick: (cost: Cost) => number) => costs.reduce((all, cost) => all + pick(cost), 0) / ticks;
    const [state] = await sql<{ hot: number; cold: number; hotBytes: number; coldBytes: number }[]>`
      select sum(octet_length(hot::text))::integer as hot, sum(octet_length(cold::text))::integer as cold,
        max(octet_length(hot::text))::integer as "hotBytes", max(octet_length(cold::text))::integer as "coldBytes"
      from flyahead.forecast_state`;
    const ticksADay = DAY_MS / (cadenceMinutes * MINUTE_MS);
    return {
      fleet,
      cadenceMinutes,
      redisCommands: Math.round(sum(({ redisCommands }) => redisCommands) * ticksAMonth),
      storedMb: stored(() => 30),
      yearMb: stored((kept) => Math.min(kept, 365)),
      stateMbADay: (state!.hot * ticksADay + state!.cold * 24) / MB,
      hotBytes: state!.hotBytes,
      coldBytes: state!.coldBytes,
      sqlMb: (median(costs.map(({ sqlBytes }) => sqlBytes)) * ticksAMonth) / MB,
      flyCalls: Math.round(sum(({ flyCalls }) => flyCalls) * ticksAMonth),
    };
  } finally {
    await world.close();
  }
}

/** Bytes of each table with its indexes, partitions together. */
async function sizes(sql: Sql): Promise<Map<string, number>> {
  await sql`vacuum full`;
  const rows = await sql<{ name: string; bytes: number }[]>`
    select case when c.relname like 'traffic_samples%' then 'traffic_samples' else c.relname end as name, sum(pg_total_relation_size(c.oid))::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'flyahead' and c.relkind = 'r' group by 1`;
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}
