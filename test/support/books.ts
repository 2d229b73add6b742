/** What an app's tick left behind: rows of Postgres, oldest first, and machines of the simulated Fly. */
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import type { Fly } from "../../src/sim/fly/fly.ts";

export type HistoryRow = {
  region: string;
  slot: Date;
  attempt: number;
  mode: string;
  kind: string;
  from_workers: number;
  to_workers: number;
  constraints: string;
  reason: string;
};
export type IntentRow = {
  id: string;
  region: string;
  kind: "start" | "stop" | "create";
  machine_id: string | null;
  machine_name: string | null;
  status: string | null;
  evidence: string | null;
  closed_at: Date | null;
};
export type PoolRow = { region: string; process_group: string; mode: string; retired_at: Date | null };

export const historyOf = (sql: Sql, app: string) => sql<HistoryRow[]>`
  select w.region, h.slot, h.attempt, h.mode, h.kind, h.from_workers, h.to_workers, array_to_string(h.constraints, ',') as constraints, h.reason
  from flyahead.autoscaling_history h join flyahead.worker_regions w on w.id = h.pool_id where w.app = ${app} order by h.id`;

export const intentsOf = (sql: Sql, app: string) => sql<IntentRow[]>`
  select i.id, w.region, i.kind, i.machine_id, i.machine_name, i.status, i.evidence, i.closed_at
  from flyahead.scaling_intents i join flyahead.worker_regions w on w.id = i.pool_id where i.app = ${app} order by i.id`;

export const poolsOf = (sql: Sql, app: string) => sql<PoolRow[]>`
  select region, process_group, mode, retired_at from flyahead.worker_regions where app = ${app} order by region`;

export const overridesOf = (sql: Sql, app: string) => sql<
  { machine_id: string; what: string; workers: number; until: Date }[]
>`
  select o.machine_id, o.what, o.workers, o.until from flyahead.manual_overrides o
  join flyahead.worker_regions w on w.id = o.pool_id where w.app = ${app} order by o.id`;

export const ticksOf = (sql: Sql, app: string) => sql<
  { attempt: number; slot: Date; closed_at: Date | null }[]
>`
  select attempt, slot, closed_at from flyahead.ticks where app = ${app} order by id`;

export async function leaseOf(sql: Sql, app: string): Promise<{ fence: number; held: boolean } | undefined> {
  const [row] = await sql<{ fence: number; held: boolean }[]>`
    select fence::integer, expires_at > clock_timestamp() as held from flyahead.app_leases where app = ${app}`;
  return row;
}

export async function workersOf(sql: Sql, app: string): Promise<Record<string, string>> {
  const rows = await sql<{ machine_id: string; state: string }[]>`
    select k.machine_id, k.state from flyahead.workers k join flyahead.worker_regions w on w.id = k.pool_id
    where w.app = ${app} and k.gone_at is null order by k.machine_id`;
  return Object.fromEntries(rows.map(({ machine_id, state }) => [machine_id, state]));
}

/** Machines that serve or are on their way to. */
export function activeOf(fly: Fly, app: string, region?: string): number {
  return machinesOf(fly, app, region).filter(({ state }) =>
    ["created", "starting", "started"].includes(state),
  ).length;
}

export function machinesOf(fly: Fly, app: string, region?: string) {
  return fly.machines().filter((m) => m.app === app && (region === undefined || m.region === region));
}

/** What flyahead changed at Fly, oldest first. */
export function changesOf(fly: Fly, app: string) {
  return fly.log().filter((entry) => entry.app === app && entry.by === "api");
}
