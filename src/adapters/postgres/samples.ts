/** Traffic samples: stored as columns (one parameter each, however many rows), read for all pools of an app at once. */
import type { Instant } from "../../core/time.ts";
import type { TrafficSample, TrafficSeries } from "../../core/traffic.ts";
import type { PoolSample, Samples, SeriesWindow } from "../../ports.ts";
import { numberArray, type Sql, textArray } from "./connect.ts";

export function createPostgresSamples(sql: Sql): Samples {
  return {
    async store(samples, now) {
      if (samples.length === 0) return { unknownPool: [] };
      const numbers = (pick: (sample: PoolSample) => number | undefined) => numberArray(samples.map(pick));
      // Columns of 32 bits refuse what is too small for them; rounded first, it is zero.
      const singles = (pick: (sample: PoolSample) => number | undefined) =>
        numberArray(samples.map((sample) => singleOf(pick(sample))));
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
          ${singles((s) => s.p95LatencyMs)}::text::real[],
          ${singles((s) => s.cpu)}::text::real[],
          ${singles((s) => s.memory)}::text::real[],
          ${singles((s) => s.disk)}::text::real[],
          ${singles((s) => s.concurrency)}::text::real[],
          ${singles((s) => s.queueDepth)}::text::real[]
        )) as unknown`;
      return { unknownPool: row?.unknown ?? [] };
    },

    async read({ app, region, processGroup }, from, until) {
      const rows = await sql<SampleRow[]>`
        select flyahead.epoch_ms(t.at) as at, t.requests, t.errors, t.p95_latency_ms as "p95LatencyMs", t.cpu, t.memory, t.disk,
          t.concurrency, t.queue_depth as "queueDepth"
        from flyahead.traffic_samples t join flyahead.worker_regions w on w.id = t.pool_id
        where (w.app, w.region, w.process_group) = (${app}, ${region}, ${processGroup})
          and t.at >= flyahead.instant(${from}) and t.at < flyahead.instant(${until})
        order by t.at`;
      return rows.map(withoutNulls);
    },

    async readSeries(app, windows, until, binMs) {
      if (windows.length === 0) return [];
      const rows = await sql<SeriesRow[]>`
        select w.region, w.process_group, q."from", t.places, t.requests
        from jsonb_to_recordset(${windowDocument(windows)}::text::jsonb) as q (region text, "processGroup" text, "from" float8)
        join flyahead.worker_regions w on (w.app, w.region, w.process_group) = (${app}, q.region, q."processGroup")
        cross join lateral (
          select array_to_json(array_agg(((flyahead.epoch_ms(s.at) - q."from") / ${binMs})::integer)) as places,
            array_to_json(array_agg(s.requests)) as requests
          from flyahead.traffic_samples s
          where s.pool_id = w.id and s.at >= flyahead.instant(q."from") and s.at < flyahead.instant(${until})
        ) t
        where t.places is not null`;
      return rows.map((row) => ({
        pool: { app, region: row.region, processGroup: row.process_group },
        series: seriesOf(row, until, binMs),
      }));
    },
  };
}

function singleOf(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.fround(value);
}

/** Places and requests side by side, in any order: a quarter of the text of one object a sample, and no sorting. */
type SeriesRow = {
  region: string;
  process_group: string;
  from: number;
  places: number[];
  requests: number[];
};
type SampleRow = { [K in keyof TrafficSample]-?: TrafficSample[K] | null };

function windowDocument(windows: readonly SeriesWindow[]): string {
  return JSON.stringify(
    windows.map(({ pool, from }) => ({ region: pool.region, processGroup: pool.processGroup, from })),
  );
}

function seriesOf({ from, places, requests }: SeriesRow, until: Instant, binMs: number): TrafficSeries {
  const values = new Array<number>(Math.ceil((until - from) / binMs)).fill(Number.NaN);
  places.forEach((place, i) => {
    values[place] = requests[i]!;
  });
  return { start: from, binMs, values };
}

function withoutNulls(row: SampleRow): TrafficSample {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as TrafficSample;
}
