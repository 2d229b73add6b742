/** Traffic samples: stored as columns (one parameter each, however many rows), read for all pools of an app at once. */
import { poolName } from "../../core/fleet.ts";
import type { TrafficSample } from "../../core/traffic.ts";
import type { PoolSample, Samples } from "../../ports.ts";
import { numberArray, type Sql, textArray } from "./connect.ts";

type SampleRow = { region: string; process_group: string; samples: TrafficSample[] };

export function createPostgresSamples(sql: Sql): Samples {
  return {
    async store(samples, now) {
      if (samples.length === 0) return { unknownPool: [] };
      const numbers = (pick: (sample: PoolSample) => number | undefined) => numberArray(samples.map(pick));
      const names = (pick: (sample: PoolSample) => string) => textArray(samples.map(pick));
      const [row] = await sql<{ unknown: number[] }[]>`
        select to_jsonb(flyahead.store_samples(
          flyahead.instant(${now}),
          ${names((s) => s.pool.app)}::text::text[],
          ${names((s) => s.pool.region)}::text::text[],
          ${names((s) => s.pool.processGroup)}::text::text[],
          array(select flyahead.instant(ms) from unnest(${numbers((s) => s.at)}::text::float8[]) with ordinality t (ms, n) order by n),
          ${numbers((s) => s.requests)}::text::float8[],
          ${numbers((s) => s.errors)}::text::float8[],
          ${numbers((s) => s.p95LatencyMs)}::text::real[],
          ${numbers((s) => s.cpu)}::text::real[],
          ${numbers((s) => s.memory)}::text::real[],
          ${numbers((s) => s.disk)}::text::real[],
          ${numbers((s) => s.concurrency)}::text::real[],
          ${numbers((s) => s.queueDepth)}::text::real[]
        )) as unknown`;
      return { unknownPool: row?.unknown ?? [] };
    },

    async read(app, windows, until) {
      if (windows.length === 0) return [];
      const rows = await sql<SampleRow[]>`
        select w.region, w.process_group, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
          'at', flyahead.epoch_ms(t.at), 'requests', t.requests, 'errors', t.errors, 'p95LatencyMs', t.p95_latency_ms, 'cpu', t.cpu,
          'memory', t.memory, 'disk', t.disk, 'concurrency', t.concurrency, 'queueDepth', t.queue_depth)) order by t.at) as samples
        from jsonb_to_recordset(${windowDocument(windows)}::text::jsonb) as q (region text, "processGroup" text, "from" float8)
        join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (${app}, q.region, q."processGroup")
        join flyahead.traffic_samples t
          on t.pool_id = w.id and t.at >= flyahead.instant(q."from") and t.at < flyahead.instant(${until})
        group by w.region, w.process_group`;
      const found = new Map(rows.map((row) => [poolName(keyOf(app, row)), row.samples]));
      return windows.flatMap(({ pool }) => {
        const samples = found.get(poolName(pool));
        return samples === undefined ? [] : [{ pool, samples }];
      });
    },
  };
}

function windowDocument(windows: Parameters<Samples["read"]>[1]): string {
  return JSON.stringify(
    windows.map(({ pool, from }) => ({ region: pool.region, processGroup: pool.processGroup, from })),
  );
}

function keyOf(app: string, row: SampleRow): { app: string; region: string; processGroup: string } {
  return { app, region: row.region, processGroup: row.process_group };
}
