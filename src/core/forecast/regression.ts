/**
 * The expert that learns: at each lead a regression of the root to come on the features of the moment ("direct"
 * forecasting: one equation a lead, none chained). It starts from a belief and is moved by evidence:
 *
 *   the usual root, plus the deviation of the last minutes and the last hour, mostly as a share of the usual, which fades
 *   over four hours; as that fades, a third of the last day's deviation; a trace of yesterday.
 *
 * The belief is about what thirteen series of traffic agreed on; the exact numbers matter little.
 *
 * Neighbouring bins repeat one another, the more the longer the lead: a hundred bins judged six hours ahead are worth
 * perhaps ten that are new. So the belief is held the harder the longer the lead. A row that is missed by far counts less
 * (Huber 1964), or one viral hour would set the weights of a fortnight.
 */
import { HOUR_MS, MINUTE_MS } from "../time.ts";
import {
  FEATURES,
  GROWN_1H,
  LAST,
  LAST_1D,
  LAST_1H,
  LAST_6H,
  LAST_15M,
  USUAL,
  YESTERDAY,
} from "./features.ts";
import { addRow, diagonal, type Sums, solveInto } from "./least-squares.ts";

/** Rows that the belief is worth at no lead, and how many more for each five minutes of lead. */
const BELIEF_ROWS = 10;
const BELIEF_ROWS_PER_MS = 1 / (5 * MINUTE_MS);
/** Misses beyond so many usual ones count less. */
const HUBER = 2.5;

export function believedWeights(leadMs: number): Float64Array {
  const hours = leadMs / HOUR_MS;
  const recent = Math.exp(-hours / 4);
  const weights = new Float64Array(FEATURES);
  weights[USUAL] = 1;
  weights[YESTERDAY] = 0.05;
  weights[LAST] = 0.2 * recent;
  weights[LAST_15M] = 0.3 * recent;
  weights[LAST_1H] = 0.5 * recent;
  weights[GROWN_1H] = 0.8 * recent;
  // What six hours ago was a deviation and is none now is on its way back.
  weights[LAST_6H] = -0.1 * (hours / 6) * Math.exp(1 - hours / 6);
  weights[LAST_1D] = 0.35 * (1 - Math.exp(-hours / 4)) * Math.exp(-hours / 36);
  return weights;
}

export function weigh(weights: Float64Array, x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < FEATURES; j++) sum += weights[j]! * x[j]!;
  return sum;
}

/** Takes in a row whose root is known now. `spread` is the usual miss, `rows` how many rows it stands for. */
export function learnRow(
  sums: Sums,
  belief: Float64Array,
  x: Float64Array,
  root: number,
  miss: number,
  spread: number,
  rows: number,
): void {
  const far = Math.abs(miss) / (HUBER * spread);
  addRow(sums, x, root - weigh(belief, x), far > 1 ? rows / far : rows);
}

/** Room for the ridges; nothing in it outlives a call. */
const extra = new Float64Array(FEATURES);

/** Weights from all rows so far into `weights`; they stay as they are where nothing can be solved. */
export function settleWeights(
  sums: Sums,
  seenRows: number,
  weights: Float64Array,
  belief: Float64Array,
  leadMs: number,
): void {
  const { gram } = sums;
  const size = gram[diagonal(0)]!;
  if (!(size > 0)) return;
  const level = gram[diagonal(USUAL)]!;
  const deviation = (gram[diagonal(LAST_15M)]! + gram[diagonal(LAST_1H)]! + gram[diagonal(LAST_1D)]!) / 3;
  const rows = BELIEF_ROWS + leadMs * BELIEF_ROWS_PER_MS;
  for (let j = 0; j < FEATURES; j++) {
    extra[j] =
      1e-4 * gram[diagonal(j)]! +
      (rows * (j <= USUAL ? level : deviation)) / seenRows +
      1e-9 * (size + level);
  }
  if (solveInto(weights, sums, extra)) for (let j = 0; j < FEATURES; j++) weights[j]! += belief[j]!;
}
