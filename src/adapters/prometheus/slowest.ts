/** The 95th percentile of the response time, from the buckets of a pool's machines added up, into the samples. */
import type { PoolKey } from "../../core/fleet.ts";
import { SECOND_MS } from "../../core/time.ts";
import type { PoolSample } from "../../ports.ts";
import { type Bucket, quantileOf } from "./percentile.ts";
import { byPool, type Places } from "./places.ts";
import type { Grid, Readings } from "./range-answer.ts";

const QUANTILE = 0.95;

type Histogram = { readonly pool: PoolKey; readonly bounds: Map<number, Float64Array> };

/** @param buckets rates by upper bound in seconds (`le`), by machine or by region */
export function withPercentile(
  samples: readonly PoolSample[],
  buckets: readonly Readings[],
  { start, stepMs }: Grid,
  places: Places,
): PoolSample[] {
  const histograms = byPool((pool): Histogram => ({ pool, bounds: new Map() }));
  for (const { labels, values } of buckets) {
    const pool = places.poolOf(labels);
    const le = Number((labels.le ?? "").replace(/^\+?Inf$/, "Infinity") || Number.NaN);
    if (pool !== null && !Number.isNaN(le)) add(histograms.at(pool).bounds, le, values);
  }
  return samples.map((sample) => {
    const edge = (sample.at - start) / stepMs + 1;
    const bounds = histograms.find(sample.pool)?.bounds ?? new Map<number, Float64Array>();
    const heights: Bucket[] = [...bounds].map(([le, values]) => ({ le, count: values[edge]! }));
    const seconds = quantileOf(
      heights.filter(({ count }) => !Number.isNaN(count)),
      QUANTILE,
    );
    return seconds === null ? sample : { ...sample, p95LatencyMs: seconds * SECOND_MS };
  });
}

function add(bounds: Map<number, Float64Array>, le: number, values: Float64Array): void {
  const sum = bounds.get(le);
  if (sum === undefined) return void bounds.set(le, values.slice());
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) sum[i] = Number.isNaN(sum[i]!) ? value : sum[i]! + value;
  });
}
