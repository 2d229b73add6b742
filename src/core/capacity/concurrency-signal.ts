/**
 * Capacity by concurrency: Little's law, L = λ·W, says how many requests a machine works on at a load; where that reaches the
 * service's soft limit, the proxy calls the machine full and looks for another. Needs that limit.
 *
 * The trap is the unit: connections for requests, or a sum for a mean, makes a time W that the measured latency denies. A
 * mean can hardly be far above the P95, nor twenty times below it.
 *
 * Source: J. D. C. Little, Operations Research 9 (1961).
 */
import { clamp } from "../clamp.ts";
import type { Level } from "./load-levels.ts";
import { extentOf, rising, type SignalAnswer, silence, tooLittle } from "./signal-answer.ts";

const HALF_SURE_SAMPLES = 60;
const FULL_OCTAVES = 2;
const FULL_REACH = 0.5;
const MOST_OF_P95 = 1.5;
const LEAST_OF_P95 = 0.05;

/**
 * @param curve of requests in work on one machine, without idle machines
 * @param softLimit requests that a machine may work on at once; null where nobody said
 * @param usualP95Ms null where it was not measured
 */
export function concurrencySignal(
  curve: readonly Level[],
  softLimit: number | null,
  usualP95Ms: number | null,
): SignalAnswer {
  const thin = tooLittle("concurrency", curve);
  if (thin !== null) return thin;
  if (softLimit === null) return silence("concurrency", curve, "no soft limit is given");
  const extent = extentOf(curve);
  const workMs = usualWorkMs(curve);
  if (workMs === null) return silence("concurrency", curve, "no request was ever seen in work");
  const perRequest = workMs / 60_000;
  if (usualP95Ms !== null && !isLikely(workMs, usualP95Ms))
    return silence(
      "concurrency",
      curve,
      `it would mean ${Math.round(workMs)} ms a request, and the P95 is ${Math.round(usualP95Ms)} ms`,
    );
  const busiest = perRequest * extent.to;
  const scatter = weightedMedian(curve, ({ load, mean }) => Math.abs(mean / load / perRequest - 1));
  return {
    signal: "concurrency",
    requestsPerWorker: softLimit / perRequest,
    confidence:
      rising(extent.samples, HALF_SURE_SAMPLES) *
      clamp(1 - scatter, 0, 1) *
      clamp(Math.log2(extent.to / extent.from) / FULL_OCTAVES, 0, 1) *
      clamp(busiest / (softLimit * FULL_REACH), 0, 1),
    ...extent,
    why: `a request is in work for ${Math.round(workMs)} ms, and the soft limit is ${softLimit}`,
  };
}

/**
 * Mean time in seconds that a request is worked on, by Little's law; null where it was measured too little, or its P95 was not
 * or denies it.
 */
export function workSecondsOf(curve: readonly Level[], usualP95Ms: number | null): number | null {
  if (usualP95Ms === null || tooLittle("concurrency", curve) !== null) return null;
  const workMs = usualWorkMs(curve);
  return workMs === null || !isLikely(workMs, usualP95Ms) ? null : workMs / 1_000;
}

function usualWorkMs(curve: readonly Level[]): number | null {
  const workMs = 60_000 * weightedMedian(curve, ({ load, mean }) => mean / load);
  return workMs > 0 ? workMs : null;
}

function isLikely(workMs: number, p95Ms: number): boolean {
  return workMs <= MOST_OF_P95 * p95Ms && workMs >= LEAST_OF_P95 * p95Ms;
}

/** Of the bins: the idle and the overrun do not move it. */
function weightedMedian(curve: readonly Level[], of: (level: Level) => number): number {
  const values = curve.map((level) => ({ value: of(level), weight: level.weight }));
  values.sort((a, b) => a.value - b.value);
  const half = values.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let seen = 0;
  for (const { value, weight } of values) {
    seen += weight;
    if (seen >= half) return value;
  }
  return 0;
}
