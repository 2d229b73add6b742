/**
 * A trace as minutes, by the rules of the decision scorer: a 60 s row is its own demand, a coarser one is spread evenly over
 * its minutes, a missing minute repeats the last value and is marked. The first 72 % is for learning; one machine carries a
 * twentieth of that part's 99.9th percentile.
 */
import { readFileSync } from "node:fs";
import { type Instant, MINUTE_MS } from "../../src/core/time.ts";

const TRAINING_SHARE = 1 - 0.28;
const MACHINES_AT_PEAK = 20;
const PEAK_QUANTILE = 0.999;

export type Minutes = {
  readonly name: string;
  readonly start: Instant;
  readonly demand: Float64Array;
  readonly missing: Uint8Array;
  /** Index of the first minute that is judged. */
  readonly split: number;
  /** Requests a minute that one machine carries. */
  readonly capacity: number;
};

/** @throws RangeError where the file has no row. */
export function readMinutes(name: string, file: string, stepSeconds: number): Minutes {
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  if (rows.length === 0) throw new RangeError(`Cannot read ${file}: it has no row below its header.`);
  const stepMs = stepSeconds * 1_000;
  const times = rows.map((row) => Date.parse(row.slice(0, row.indexOf(","))));
  const start = Math.floor(times[0]! / stepMs) * stepMs;
  const length = Math.floor((times.at(-1)! - start) / stepMs) + 1;
  const steps = new Float64Array(length).fill(Number.NaN);
  rows.forEach((row, i) => {
    steps[Math.floor((times[i]! - start) / stepMs)] = Number(row.slice(row.indexOf(",") + 1));
  });
  const perStep = Math.max(1, stepMs / MINUTE_MS);
  const demand = new Float64Array(length * perStep);
  const missing = new Uint8Array(length * perStep);
  for (let i = 0; i < demand.length; i++) {
    const value = steps[Math.floor(i / perStep)]!;
    missing[i] = Number.isNaN(value) ? 1 : 0;
    demand[i] = missing[i] ? (demand[i - 1] ?? 0) : value / perStep;
  }
  const split = Math.floor(demand.length * TRAINING_SHARE);
  const capacity = Math.max(1e-9, percentile(demand.slice(0, split), PEAK_QUANTILE) / MACHINES_AT_PEAK);
  return { name, start, demand, missing, split, capacity };
}

/** Linear between ranks. */
function percentile(values: Float64Array, quantile: number): number {
  const sorted = values.sort();
  const place = (sorted.length - 1) * quantile;
  const low = Math.floor(place);
  return sorted[low]! + (place - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
}
