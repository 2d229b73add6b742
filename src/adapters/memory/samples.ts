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
import type { PoolSample, Samples } from "../../ports.ts";
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
        else put(pool, sample);
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
        else if (putPulled(pool, sample)) changed += 1;
      });
      return { changed, unknownPool, tooOld };
    },
    read: async (pool, from, until) => {
      const row = livePool(database, pool);
      return row === undefined ? [] : between(row, from, until);
    },
    readSeries: async (app, windows, until, binMs) =>
      windows.flatMap(({ pool, from }) => {
        const row = pool.app === app ? livePool(database, pool) : undefined;
        const samples = row === undefined ? [] : between(row, from, until);
        return samples.length === 0 ? [] : [{ pool, series: toSeries(samples, from, until, binMs) }];
      }),
  };
}

/** Known for a day after it was retired: one odd answer of Fly's must not tear a hole into its history. */
function knownPool(database: MemoryDatabase, key: PoolSample["pool"], now: Instant): PoolRow | undefined {
  const row = database.pools.get(poolName(key));
  return row !== undefined && (row.retiredAt === null || row.retiredAt > now - DAY_MS) ? row : undefined;
}

function put({ samplesByDay, pulledAt }: PoolRow, { pool: _pool, ...sample }: PoolSample): void {
  const day = floorTo(sample.at, DAY_MS);
  const samples = samplesByDay.get(day) ?? new Map<Instant, TrafficSample>();
  samplesByDay.set(day, samples.set(sample.at, sample));
  pulledAt.delete(sample.at);
}

/** Whether it was stored: not over what was sent, and not where it says what is there. */
function putPulled(row: PoolRow, sample: PoolSample): boolean {
  const stored = row.samplesByDay.get(floorTo(sample.at, DAY_MS))?.get(sample.at);
  if (stored !== undefined && !row.pulledAt.has(sample.at)) return false;
  const { pool: _pool, ...load } = sample;
  if (stored !== undefined && isSame(stored, load)) return false;
  put(row, sample);
  row.pulledAt.add(sample.at);
  return true;
}

function isSame(a: TrafficSample, b: TrafficSample): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof TrafficSample)[]);
  return [...names].every((name) => a[name] === b[name]);
}

function between({ samplesByDay }: PoolRow, from: Instant, until: Instant): TrafficSample[] {
  const found: TrafficSample[] = [];
  for (let day = floorTo(from, DAY_MS); day < until; day += DAY_MS) {
    for (const sample of samplesByDay.get(day)?.values() ?? [])
      if (sample.at >= from && sample.at < until) found.push(sample);
  }
  return found.sort((a, b) => a.at - b.at);
}
