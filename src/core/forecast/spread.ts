/**
 * How far forecasts usually miss, for this bin and this moment: a regression of the absolute miss at each lead on four
 * running means of one-bin misses (overall, of the last hour, of this time of day, of the last day), on how far the
 * experts disagree, and on the usual load of the bin. So a storm widens the next hour and leaves tomorrow's quiet night
 * alone, and nine o'clock may be uncertain every day. This is the scale model of location-scale quantile regression
 * (Koenker and Zhao 1994), with memory of volatility as in GARCH (Bollerslev 1986); that forecasters disagree where they
 * err is old experience with ensembles of the weather (Whitaker and Loughe 1998).
 *
 * The trap: least squares may answer a negative or an absurd spread; it is kept between 0.3 and 5 times the usual miss.
 */
import type { Place } from "./grid.ts";
import { diagonal, emptySums, type Sums, solveInto } from "./least-squares.ts";
import { type Memory, MISS_1D, MISS_1H, trackAt } from "./memory.ts";

export const SPREAD_FEATURES = 6;
/** The one feature of the first four that is the target's; the others are the origin's. */
export const MISS_OF_DAY_PART = 2;
/** Half-hours of the day that have a miss of their own. */
export const DAY_PARTS = 48;

/** Believed shape: shares of overall, last hour, time of day, last day; disagreement and load must earn theirs. */
const SHAPE = Float64Array.from([0.2, 0.3, 0.4, 0.1, 0, 0]);
const SHAPE_RIDGE = 0.02;
const LEAST = 0.3;
const MOST = 5;
const TINY = 1e-9;

export type SpreadModel = { readonly sums: Sums; readonly weights: Float64Array };

export function freshSpread(): SpreadModel {
  return { sums: emptySums(SPREAD_FEATURES), weights: Float64Array.from([0, 0.5, 0.5, 0, 0, 0]) };
}

export function dayPart(place: Place, perDay: number): number {
  return Math.floor(((place.slot % perDay) * DAY_PARTS) / perDay);
}

export function spreadFeatures(
  g: Float64Array,
  memory: Memory,
  usualMiss: number,
  missOfDayPart: number,
  origin: number,
): void {
  g[0] = usualMiss + TINY;
  g[1] = trackAt(memory, MISS_1H, origin);
  g[MISS_OF_DAY_PART] = missOfDayPart;
  g[3] = trackAt(memory, MISS_1D, origin);
}

/** Adds what the forecast itself says of its miss: how far its experts disagree, and how busy the bin usually is. */
export function addDoubt(
  g: Float64Array,
  answers: Float64Array,
  shares: Float64Array,
  mixture: number,
  usualShare: number,
): void {
  let apart = 0;
  for (let j = 0; j < shares.length; j++) apart += shares[j]! * Math.abs(answers[j]! - mixture);
  g[4] = apart;
  g[5] = g[0]! * usualShare;
}

/** The usual absolute miss here and now; `leadMiss` is the mean one at this lead. */
export function spreadOf({ weights }: SpreadModel, g: Float64Array, leadMiss: number): number {
  let sum = 0;
  for (let j = 0; j < SPREAD_FEATURES; j++) sum += weights[j]! * g[j]!;
  return Math.min(MOST * leadMiss + TINY, Math.max(LEAST * leadMiss, sum, TINY));
}

/** Fits the shape's height first, then bends it where there is evidence. */
export function settleSpread({ sums, weights }: SpreadModel): void {
  const { gram, moment } = sums;
  let along = 0;
  let energy = 0;
  let trace = 0;
  for (let a = 0, place = 0; a < SPREAD_FEATURES; a++) {
    along += moment[a]! * SHAPE[a]!;
    trace += gram[diagonal(a)]!;
    for (let b = 0; b <= a; b++, place++) energy += (a === b ? 1 : 2) * SHAPE[a]! * SHAPE[b]! * gram[place]!;
  }
  if (!(trace > 0) || !(energy > 0)) return;
  const ridge = SHAPE_RIDGE * trace;
  const height = along / energy;
  const pulled = moment.map((value, j) => value + ridge * SHAPE[j]! * height);
  solveInto(weights, { gram, moment: pulled }, new Float64Array(SPREAD_FEATURES).fill(ridge));
}
