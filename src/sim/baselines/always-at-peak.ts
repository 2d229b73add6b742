/**
 * The policy of those who do not scale: enough machines for the busiest minute, all the time. It is never short where
 * max allows, and it knows the future (nobody knows the peak beforehand), which flatters it.
 */
import { type Bounds, checkBounds, needOf } from "./need.ts";

/** One constant count for every minute of `series` (requests a minute, NaN not recorded). */
export function alwaysAtPeak(series: Float64Array, bounds: Bounds): Int32Array {
  checkBounds(bounds);
  const recorded = series.filter((requests) => !Number.isNaN(requests));
  const peak = recorded.reduce((most, requests) => Math.max(most, requests), 0);
  return new Int32Array(series.length).fill(needOf(peak, bounds));
}
