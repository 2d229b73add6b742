/**
 * Traffic samples in memory, one per pool and instant: storing the same one again changes nothing, storing another for
 * the same instant corrects it.
 *
 * The trap: a sample of a pool that nobody has discovered is refused by its place in the list, not stored for later. A
 * misspelt region would otherwise collect traffic that no tick ever reads.
 */
import { poolName } from "../../core/fleet.ts";
import { DAY_MS, floorTo, type Instant } from "../../core/time.ts";
import { type TrafficSample, toSeries } from "../../core/traffic.ts";
import type { LateSamples, PoolSample, Samples } from "../../ports.ts";
import { livePool, type MemoryDatabase, type PoolRow } from "./database.ts";

/** As the setting keep_samples is in a new installation. */
const KEPT_MS = 92 * DAY_MS;

/** Samples over the shared database, whose pools say what is known. */
export function createMemorySamples(database: MemoryDatabase): Samples {
  return {
    store: async (samples, now) => {
      const unknownPool: number[] = [];
      const tooOld: number[] = [];
      samples.forEach((sample, index) => {
        const pool = knownPool(database, sample.pool, now);
        if (pool === undefined) unknownPool.push(index);
        else if (sample.at < now - KEPT_MS) tooOld.push(index);
        else put(pool, sample, now);
      });
      return { unknownPool, tooOld };
    },
    storePulled: async (samples, now) => {
      const unknownPool: number[] = [];
      const tooOld: number[] = [];
      let changed = 0;
      samples.forEach((sample, index) => {
        const pool = knownPool(database, sample.pool, now);
        if (pool === undefined) unknownPool.push(index);
        else if (sample.at < now - KEPT_MS) tooOld.push(index);
        else if (putPulled(pool, sample, now)) changed += 1;
      });
      return { changed, unknownPool, tooOld };
    },
    read: async (pool, from, until) => {
      const row = livePool(database, pool);
      return row === undefined ? [] : between(row, from, until);
    },
    readSeries: async (app, windows, until, binMs) =>
      windows.flatMap(({ pool, from, signalsFrom }) => {
        const row = pool.app === app ? livePool(database, pool) : undefined;
        const samples = row === undefined ? [] : between(row, from, until);
        if (row === undefined || samples.length === 0) return [];
        const series = toSeries(samples, from, until, binMs);
        if (signalsFrom === undefined) return [{ pool, series }];
        return [{ pool, series, signals: between(row, signalsFrom, until).flatMap(signalsOf) }];
      }),
  };
}

/** Known for a day after it was retired: one odd answer of Fly's must not tear a hole into its history. */
function knownPool(database: MemoryDatabase, key: PoolSample["pool"], now: Instant): PoolRow | undefined {
  const row = database.pools.get(poolName(key));
  return row !== undefined && (row.retiredAt === null || row.retiredAt > now - DAY_MS) ? row : undefined;
}

function put(row: PoolRow, { pool: _pool, ...sample }: PoolSample, now: Instant): void {
  const { samplesByDay, pulledAt } = row;
  const day = floorTo(sample.at, DAY_MS);
  const samples = samplesByDay.get(day) ?? new Map<Instant, TrafficSample>();
  samplesByDay.set(day, samples.set(sample.at, sample));
  pulledAt.delete(sample.at);
  if (row.hot !== null && sample.at < row.hot.through) row.late = oneMore(row.late, sample.at, now);
}

/** Its bin is learned already: the next tick is told. */
function oneMore(late: LateSamples | null, at: Instant, now: Instant): LateSamples {
  if (late === null) return { since: at, samples: 1, notedAt: now };
  return { ...late, since: Math.min(late.since, at), samples: late.samples + 1 };
}

/** Whether it was stored: not over what was sent, and not where it says what is there. */
function putPulled(row: PoolRow, sample: PoolSample, now: Instant): boolean {
  const stored = row.samplesByDay.get(floorTo(sample.at, DAY_MS))?.get(sample.at);
  if (stored !== undefined && !row.pulledAt.has(sample.at)) return false;
  const { pool: _pool, ...load } = sample;
  if (stored !== undefined && isSame(stored, load)) return false;
  put(row, sample, now);
  row.pulledAt.add(sample.at);
  return true;
}

function isSame(a: TrafficSample, b: TrafficSample): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof TrafficSample)[]);
  return [...names].every((name) => a[name] === b[name]);
}

/** The sample with what tells of the machines, or nothing where it has none of it. */
function signalsOf({ at, requests, errors, p95LatencyMs, cpu, concurrency }: TrafficSample): TrafficSample[] {
  const signals = Object.entries({ errors, p95LatencyMs, cpu, concurrency });
  const measured = signals.filter(([, value]) => value !== undefined);
  return measured.length === 0 ? [] : [{ at, requests, ...Object.fromEntries(measured) }];
}

function between({ samplesByDay }: PoolRow, from: Instant, until: Instant): TrafficSample[] {
  const found: TrafficSample[] = [];
  for (let day = floorTo(from, DAY_MS); day < until; day += DAY_MS) {
    for (const sample of samplesByDay.get(day)?.values() ?? [])
      if (sample.at >= from && sample.at < until) found.push(sample);
  }
  return found.sort((a, b) => a.at - b.at);
}
