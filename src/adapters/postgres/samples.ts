/** Traffic samples: stored as columns (one parameter each, however many rows; 0026), read for all pools of an app at once. */
import { type PoolKey, poolName } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import type { TrafficSample, TrafficSeries } from "../../core/traffic.ts";
import type { PoolSample, Samples, SeriesWindow } from "../../ports.ts";
import { numberArray, type Sql, textArray } from "./connect.ts";

export function createPostgresSamples(sql: Sql): Samples {
  return {
    async store(samples, now) {
      if (samples.length === 0) return { unknownPool: [], tooOld: [] };
      const { places, columns } = columnsOf(sql, samples, now);
      const [row] = await sql<
        { answer: RecordAnswer }[]
      >`select flyahead.record_samples(${columns}) as answer`;
      return refusedOf(samples, places, row!.answer);
    },

    async storePulled(samples, now) {
      if (samples.length === 0) return { changed: 0, unknownPool: [], tooOld: [] };
      const { places, columns } = columnsOf(sql, samples, now);
      const [row] = await sql<{ answer: RecordAnswer & { changed: number } }[]>`
        select flyahead.record_pulled_samples(${columns}) as answer`;
      return { changed: row!.answer.changed, ...refusedOf(samples, places, row!.answer) };
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

/** The arguments of record_samples and record_pulled_samples, and each sample's place among the pools. */
function columnsOf(sql: Sql, samples: readonly PoolSample[], now: Instant) {
  const { pools, places } = poolsOnce(samples);
  const newest = newestOfEach(samples, places);
  const column = (pick: (sample: PoolSample) => number | undefined) =>
    newest.some((i) => pick(samples[i]!) !== undefined)
      ? numberArray(newest.map((i) => pick(samples[i]!)))
      : null;
  // Columns of 32 bits refuse what is too small for them; rounded first, it is zero.
  const singles = (pick: (sample: PoolSample) => number | undefined) =>
    column((sample) => singleOf(pick(sample)));
  const columns = sql`
    flyahead.instant(${now}),
    ${textArray(pools.map((pool) => pool.app))}::text::text[],
    ${textArray(pools.map((pool) => pool.region))}::text::text[],
    ${textArray(pools.map((pool) => pool.processGroup))}::text::text[],
    ${numberArray(newest.map((i) => places[i]! + 1))}::text::integer[],
    ${column((s) => s.at)}::text::float8[],
    ${column((s) => s.requests)}::text::float8[],
    ${column((s) => s.errors)}::text::float8[],
    ${singles((s) => s.p95LatencyMs)}::text::real[],
    ${singles((s) => s.cpu)}::text::real[],
    ${singles((s) => s.memory)}::text::real[],
    ${singles((s) => s.disk)}::text::real[],
    ${singles((s) => s.concurrency)}::text::real[],
    ${singles((s) => s.queueDepth)}::text::real[]`;
  return { places, columns };
}

/** Places of unknown pools, and the instant before which samples are not kept. */
type RecordAnswer = { unknownPools: number[]; keptFrom: Instant };

/** Each pool once, and for each sample its place among them. */
function poolsOnce(samples: readonly PoolSample[]): { pools: PoolKey[]; places: number[] } {
  const placeOf = new Map<string, number>();
  const pools: PoolKey[] = [];
  const places = samples.map(({ pool }) => {
    const name = poolName(pool);
    const known = placeOf.get(name);
    if (known !== undefined) return known;
    placeOf.set(name, pools.length);
    return pools.push(pool) - 1;
  });
  return { pools, places };
}

/** Indexes of the samples that count: of two for one pool and instant, the later in the list. */
function newestOfEach(samples: readonly PoolSample[], places: readonly number[]): number[] {
  const byPool = new Map<number, Map<Instant, number>>();
  samples.forEach(({ at }, i) => {
    const byMinute = byPool.get(places[i]!);
    if (byMinute === undefined) byPool.set(places[i]!, new Map([[at, i]]));
    else byMinute.set(at, i);
  });
  return [...byPool.values()].flatMap((byMinute) => [...byMinute.values()]);
}

function refusedOf(
  samples: readonly PoolSample[],
  places: readonly number[],
  { unknownPools, keptFrom }: RecordAnswer,
): { unknownPool: number[]; tooOld: number[] } {
  const unknown = new Set(unknownPools);
  const unknownPool: number[] = [];
  const tooOld: number[] = [];
  samples.forEach(({ at }, i) => {
    if (unknown.has(places[i]!)) unknownPool.push(i);
    else if (at < keptFrom) tooOld.push(i);
  });
  return { unknownPool, tooOld };
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
