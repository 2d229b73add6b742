/**
 * What the owner's own queries say, put into the samples: a queue's depth, jobs done where there are no HTTP requests.
 *
 * A query answers series with `instance`, or with `region` (and `process_group`), or with neither. What is a share of
 * the whole app (neither label) holds for each of its pools where it is a depth or a share; requests, errors and
 * concurrency add up, and copied they would count double, so they are taken for an app of one pool only.
 *
 * The trap: requests make a sample, everything else only completes one that is there.
 */
import { type PoolKey, poolName } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import type { LoadField, MetricQuery } from "../../core/traffic.ts";
import type { PoolSample } from "../../ports.ts";
import type { Places } from "./places.ts";
import type { Grid, Labels, Readings } from "./range-answer.ts";

const SHARES: ReadonlySet<LoadField> = new Set(["cpu", "memory", "disk"]);
const ADDED: ReadonlySet<LoadField> = new Set(["requests", "errors", "concurrency"]);

type Scene = {
  readonly grid: Grid;
  readonly from: Instant;
  readonly until: Instant;
  readonly pools: readonly PoolKey[];
  readonly places: Places;
};

/** The samples with the query's values laid over; `warnings` gets what could not be placed. */
export function withCustom(
  samples: readonly PoolSample[],
  { field, processGroup, text }: MetricQuery,
  series: readonly Readings[],
  { grid, from, until, pools, places }: Scene,
  warnings: string[],
): PoolSample[] {
  const found = new Map<string, PoolSample>(samples.map((sample) => [keyOf(sample.pool, sample.at), sample]));
  const told = new Map<string, { pool: PoolKey; at: Instant; values: number[] }>();
  let misplaced: Labels | null = null;
  for (const { labels, values } of series) {
    const targets = targetsOf(labels, processGroup, pools, places);
    if (targets.length === 0 || (targets.length > 1 && ADDED.has(field))) {
      misplaced ??= labels;
      continue;
    }
    values.forEach((value, edge) => {
      const at = grid.start + (edge - 1) * grid.stepMs;
      if (Number.isNaN(value) || at < from || at >= until) return;
      for (const pool of targets) {
        const key = keyOf(pool, at);
        const one = told.get(key) ?? { pool, at, values: [] };
        one.values.push(value);
        told.set(key, one);
      }
    });
  }
  if (misplaced !== null)
    warnings.push(
      `the query for ${field} (${text.slice(0, 80)}) answered a series of no one pool: ${JSON.stringify(misplaced)}`,
    );
  for (const [key, { pool, at, values }] of told) {
    const before = found.get(key);
    const value = combined(field, values);
    if (before !== undefined) found.set(key, { ...before, [field]: value });
    else if (field === "requests") found.set(key, { pool, at, requests: value });
  }
  return [...found.values()];
}

function targetsOf(
  labels: Labels,
  processGroup: string | null,
  pools: readonly PoolKey[],
  places: Places,
): PoolKey[] {
  const group = processGroup ?? labels.process_group ?? null;
  if (labels.instance) {
    const pool = places.poolOf(labels);
    return pool !== null && (group === null || pool.processGroup === group) ? [pool] : [];
  }
  return pools.filter(
    (pool) =>
      (group === null || pool.processGroup === group) && (!labels.region || pool.region === labels.region),
  );
}

/** Shares of several series are averaged, the slowest counts, the rest adds up. Below zero nothing is. */
function combined(field: LoadField, values: readonly number[]): number {
  const sum = values.reduce((all, value) => all + value, 0);
  if (SHARES.has(field)) return Math.min(1, Math.max(0, sum / values.length));
  return Math.max(0, field === "p95LatencyMs" ? Math.max(...values) : sum);
}

function keyOf(pool: PoolKey, at: Instant): string {
  return `${at} ${poolName(pool)}`;
}
