/**
 * What 28 days of traffic leave in a pool: the forecaster's state, built from them once for each of a few shapes and put into
 * the books of all pools, and the minutes of the last day with their signals. The rest of the 28 days no tick reads.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { encodeCold, encodeHot } from "../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { forecastBinMs } from "../../src/core/forecast/forecast.ts";
import { DAY_MS, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { createRandom } from "../../src/sim/random.ts";

const HISTORY_DAYS = 28;
/** Different pools of a fleet; a state differs by its numbers, not by its size. */
const SHAPES = 8;
const SAMPLES_MS = DAY_MS;

/** Requests in the minute that starts at `at`, of pools of one shape: a day, a weekend, noise. */
function loadAt(shape: number, at: Instant): number {
  const minute = at / MINUTE_MS;
  const daily = 1 + 0.5 * Math.sin((2 * Math.PI * (minute + 97 * shape)) / 1_440);
  const weekend = Math.floor(minute / 1_440 + 3) % 7 >= 5 ? 0.7 : 1;
  const noise = createRandom(`${shape}/${minute}`).normal();
  return Math.max(1, Math.round((450 + 40 * shape) * daily * weekend * (1 + 0.06 * noise)));
}

const shapeOf = (poolId: number): number => poolId % SHAPES;

/** @param until the instant up to which everything is learned */
export async function rememberWeeks(sql: Sql, until: Instant, cadenceMs: number): Promise<void> {
  const binMs = forecastBinMs(cadenceMs);
  const start = until - HISTORY_DAYS * DAY_MS;
  for (let shape = 0; shape < SHAPES; shape++) {
    const values = Array.from({ length: (until - start) / binMs }, (_, bin) => {
      // The busiest minute of a bin is what is learned; two of them tell its height well enough.
      const at = start + bin * binMs;
      return Math.max(loadAt(shape, at), loadAt(shape, at + binMs / 2));
    });
    const state = ensembleForecaster("UTC").update(null, { start, binMs, values }, [], until);
    await sql`
      insert into flyahead.forecast_state (pool_id, hot, saved_at, cold, cold_saved_at)
      select id, ${JSON.stringify(encodeHot(state))}::text::jsonb, ${formatInstant(until)}::timestamptz,
        ${JSON.stringify(encodeCold(state))}::text::jsonb, ${formatInstant(until)}::timestamptz
      from flyahead.worker_regions where id % ${SHAPES}::integer = ${shape}
      on conflict (pool_id) do update set hot = excluded.hot, cold = excluded.cold, saved_at = excluded.saved_at, cold_saved_at = excluded.cold_saved_at`;
  }
  await sampleMinutes(sql, until - SAMPLES_MS, until);
}

/** Puts the minutes of [from, until) of all pools into their table, past the functions. */
async function sampleMinutes(sql: Sql, from: Instant, until: Instant): Promise<void> {
  const minutes = Array.from({ length: (until - from) / MINUTE_MS }, (_, i) => from + i * MINUTE_MS);
  const rows = Array.from({ length: SHAPES }, (_, shape) =>
    minutes.map((at) => ({ shape, at: formatInstant(at), ...signalsOf(loadAt(shape, at)) })),
  ).flat();
  await sql`select flyahead.ensure_sample_days(${formatInstant(from)}::timestamptz, ${formatInstant(until)}::timestamptz)`;
  await sql`
    insert into flyahead.traffic_samples (pool_id, at, requests, errors, p95_latency_ms, cpu, received_at)
    select w.id, r.at, r.requests, r.errors, r."p95LatencyMs", r.cpu, r.at
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (shape integer, at timestamptz, requests float8, errors float8, "p95LatencyMs" real, cpu real)
    join flyahead.worker_regions w on w.id % ${SHAPES}::integer = r.shape
    on conflict do nothing`;
}

/** Records the minutes of [from, until) of all pools as the functions do; `factor` lifts the load of some. */
export async function sendMinutes(
  sql: Sql,
  from: Instant,
  until: Instant,
  factor: (poolId: number) => number = () => 1,
): Promise<void> {
  const pools = await sql<{ id: number; app: string; region: string; processGroup: string }[]>`
    select id, app, region, process_group as "processGroup" from flyahead.worker_regions order by id`;
  const minutes = Array.from({ length: (until - from) / MINUTE_MS }, (_, i) => from + i * MINUTE_MS);
  const samples = pools.flatMap(({ id, ...pool }) =>
    minutes.map((at) => ({ pool, at, ...signalsOf(Math.round(loadAt(shapeOf(id), at) * factor(id))) })),
  );
  await createPostgresSamples(sql).store(samples, until);
}

/** What a source of metrics tells beside the requests: with it, a tick learns what a machine carries. */
function signalsOf(requests: number) {
  return { requests, errors: 1, p95LatencyMs: 80 + requests / 20, cpu: Math.min(0.95, requests / 1_500) };
}
