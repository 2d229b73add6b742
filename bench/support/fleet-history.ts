/**
 * Weeks of a large fleet, made in SQL as the functions would have written it: minutes of traffic, decisions, predictions,
 * capacity steps; then the refresh makes everything else from them. 18 regions × 10 process groups are 180 pools.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { addPools } from "./database.ts";

export const REGIONS = 18;
export const GROUPS = 10;

export type FleetOptions = {
  readonly days: number;
  readonly until: string;
  readonly cadenceMinutes?: number;
  readonly onDay?: (day: number) => void;
};

/** Fills an empty database; the newest minute is the one before `until`. */
export async function fillFleet(
  sql: Sql,
  { days, until, cadenceMinutes = 15, onDay = () => {} }: FleetOptions,
  pools = { regions: REGIONS, groups: GROUPS },
): Promise<void> {
  await sql`insert into flyahead.settings (name, value) values ('simulated_now', ${until}) on conflict (name) do update set value = excluded.value`;
  await addPools(sql, "shop", pools.regions, pools.groups);
  await sql`insert into flyahead.app_leases (app) values ('shop')`;
  await sql`
    insert into flyahead.workers (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at, cpu_kind, cpus, memory_mb)
    select 'm' || id || '-' || n, id, 'm', case when n <= 4 then 'started' else 'stopped' end, 'passing', false, flyahead.now(), flyahead.now(), 'shared', 1, 256
    from flyahead.worker_regions, generate_series(1, 6) n`;
  for (let day = days; day >= 1; day--) {
    await fillDay(sql, until, day, cadenceMinutes);
    onDay(days - day + 1);
  }
  for (const table of [
    "traffic_samples",
    "traffic_5m",
    "traffic_1h",
    "traffic_1d",
    "autoscaling_history",
    "ticks",
    "traffic_predictions",
    "prediction_scores",
    "scaling_1h",
    "scaling_1d",
    "capacity_steps",
  ])
    await sql.unsafe(`analyze flyahead.${table}`);
}

async function fillDay(sql: Sql, until: string, day: number, cadenceMinutes: number): Promise<void> {
  const from = `timestamptz '${until}' - interval '${24 * day} hours'`;
  const slots = `generate_series(${from}, ${from} + interval '24 hours' - interval '1 minute', interval '${cadenceMinutes} minutes')`;
  await sql.unsafe(`
    select flyahead.ensure_sample_days(${from}, ${from} + interval '23 hours');
    insert into flyahead.traffic_samples (pool_id, at, requests, errors, p95_latency_ms, received_at)
    select w.id, at, round(w.id * 10 + 400 * (1.2 + sin(extract(epoch from at) / 13751)) * (0.9 + 0.2 * random())), 1, 100, at
    from generate_series(${from}, ${from} + interval '24 hours' - interval '1 minute', interval '1 minute') at, flyahead.worker_regions w;
    insert into flyahead.capacity_steps (pool_id, since, workers, running, requests_per_worker, min_workers, usd_per_hour)
    select w.id, at, 2 + (extract(hour from at)::int + w.id) % 4, 2 + (extract(hour from at)::int + w.id) % 4, 500, 1, 0.01
    from generate_series(${from}, ${from} + interval '23 hours', interval '2 hours') at, flyahead.worker_regions w;
    update flyahead.worker_regions set observed_at = ${from} + interval '24 hours';
    insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at, closed_at, cadence_seconds, summary)
    select 'shop', slot, 1, 1, 'act', slot, slot + interval '3 seconds', ${60 * cadenceMinutes}, '{"ms": {"observe": 100, "decide": 5, "open": 20, "apply": 300, "close": 10}}' from ${slots} slot;
    insert into flyahead.autoscaling_history (tick_id, pool_id, slot, attempt, decided_at, mode, kind, from_workers, to_workers, need_now, need_covered, need_shrink, quantile,
      confidence, constraints, reason, record)
    select t.id, w.id, t.slot, 1, t.slot, 'act', case (w.id + extract(hour from t.slot)::int) % 20 when 0 then 'grow' when 10 then 'shrink' else 'hold' end, 3, 3, 2, 3, 3, 0.95,
      0.8, case when random() < 0.3 then array['cooldown'] else array[]::text[] end, repeat('Hold 3: until 06:01Z at most 1422 requests a minute need 3. ', 2), jsonb_build_object('v', 1, 'kind', 'short', 'text', repeat('x', 500))
    from flyahead.ticks t, flyahead.worker_regions w where t.slot >= ${from} and t.slot < ${from} + interval '24 hours';
    insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, model, confidence, load)
    select w.id, slot, h, slot + make_interval(secs => h), 'seasonal-level-1', 0.8, array[500, 600, 700, 750, 900]::real[]
    from ${slots} slot, flyahead.worker_regions w, unnest(array[900, 3600, 21600, 86400, 604800]) h;
    insert into flyahead.rollup_queue (pool_id, since, until) select w.id, ${from}, ${from} + interval '24 hours' from flyahead.worker_regions w;`);
  // Predictions are judged by the clock of their day, as they were lived.
  await sql.unsafe(
    `update flyahead.settings set value = (${from} + interval '24 hours')::text where name = 'simulated_now'`,
  );
  while ((await sql<{ done: number }[]>`select flyahead.refresh_rollups() as done`)[0]!.done > 0);
  while (
    (await sql<{ done: number }[]>`select flyahead.resolve_predictions(flyahead.now()) as done`)[0]!.done > 0
  );
}
