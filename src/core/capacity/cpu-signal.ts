/**
 * Capacity by cpu: a machine is full where the line of cpu over load reaches the share that its owner calls full. The line
 * is a least-squares fit over the levels, each weighed by how often it was seen, then fitted again with far levels weighed
 * less (Huber), with the cpu of an idle machine as its start; where that would be below zero it goes through the origin.
 *
 * The trap is a fit without evidence: cpu that does not follow load (a job in the background), a load that hardly varies, or
 * a machine that was never a tenth as busy as full. Each of these lowers the confidence until nobody believes it.
 *
 * Source of the weights: P. J. Huber, Annals of Mathematical Statistics 35 (1964).
 */
import { clamp } from "../clamp.ts";
import type { Level } from "./load-levels.ts";
import { extentOf, rising, type SignalAnswer, silence, tooLittle } from "./signal-answer.ts";

/** cpu must rise so much over the loads that were seen, and so many times its own uncertainty. */
const LEAST_RISE = 0.05;
const SURE_RISE = 3;
/** Loads must span so many octaves to be fully believed. */
const FULL_OCTAVES = 2;
/** And reach this share of full. */
const FULL_REACH = 0.5;
const HALF_SURE_SAMPLES = 60;
/** A level counts fully up to so many bins: a night is longer than a peak. */
const MOST_WEIGHT = 60;

/** @param fullCpu share of its cpu at which a machine is called full, in (0, 1] */
export function cpuSignal(curve: readonly Level[], fullCpu: number): SignalAnswer {
  const thin = tooLittle("cpu", curve);
  if (thin !== null) return thin;
  const extent = extentOf(curve);
  const { idle, slope, fit } = lineThrough(curve);
  const rise = slope * (extent.to - extent.from);
  const doubt = Math.max(...curve.map(({ distance, weight }) => distance / Math.sqrt(weight)));
  if (!(rise >= LEAST_RISE) || rise < SURE_RISE * doubt)
    return silence("cpu", curve, "cpu does not follow the load");
  if (idle >= fullCpu) return silence("cpu", curve, "an idle machine is already full");
  const busiest = idle + slope * extent.to;
  const octaves = Math.log2(extent.to / Math.max(1, extent.from));
  const confidence =
    rising(extent.samples, HALF_SURE_SAMPLES) *
    clamp(fit, 0, 1) ** 2 *
    clamp(octaves / FULL_OCTAVES, 0, 1) *
    clamp(busiest / (fullCpu * FULL_REACH), 0, 1);
  return {
    signal: "cpu",
    requestsPerWorker: (fullCpu - idle) / slope,
    confidence,
    ...extent,
    why: `cpu reached ${percent(busiest)} at ${Math.round(extent.to)} requests a minute`,
  };
}

type Line = {
  readonly idle: number;
  readonly slope: number /** Share of the variation that it explains. */;
  readonly fit: number;
};

function lineThrough(curve: readonly Level[]): Line {
  const plain = curve.map(({ weight }) => Math.min(weight, MOST_WEIGHT));
  const first = leastSquares(curve, plain);
  const misses = curve.map(({ load, mean }) => Math.abs(mean - first.idle - first.slope * load));
  const usual = misses.toSorted((a, b) => a - b)[Math.floor(misses.length / 2)]! * 1.5;
  return leastSquares(
    curve,
    plain.map((weight, i) => weight * Math.min(1, usual / Math.max(misses[i]!, Number.MIN_VALUE))),
  );
}

function leastSquares(curve: readonly Level[], weights: readonly number[]): Line {
  const sum = (of: (level: Level) => number) => curve.reduce((s, level, i) => s + weights[i]! * of(level), 0);
  const total = sum(() => 1);
  const meanLoad = sum(({ load }) => load) / total;
  const meanCpu = sum(({ mean }) => mean) / total;
  const spread = sum(({ load }) => (load - meanLoad) ** 2);
  const sloped = sum(({ load, mean }) => (load - meanLoad) * (mean - meanCpu)) / spread;
  const idle = meanCpu - sloped * meanLoad;
  const slope = idle >= 0 ? sloped : sum(({ load, mean }) => load * mean) / sum(({ load }) => load ** 2);
  const start = Math.max(0, idle);
  const unexplained = sum(({ load, mean }) => (mean - start - slope * load) ** 2);
  const all = sum(({ mean }) => (mean - meanCpu) ** 2);
  return { idle: start, slope, fit: all > 0 ? 1 - unexplained / all : 0 };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
