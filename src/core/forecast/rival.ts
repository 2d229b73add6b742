/**
 * How far to believe another forecaster beside our own: by what both lost on the same resolved forecasts at the same lead,
 * with the same sixteenth power that our own experts are weighed by, and the same floor. Judged is the whole distribution,
 * not only its median: a rival brings quantiles of its own, and one that is too sure of itself must pay for it.
 *
 * Before there is evidence there is belief, worth a few forecasts: the ratio of the losses is a mean of both.
 * Sources: pinball loss of Koenker and Bassett (1978); weights as in experts.ts.
 */

import { binAhead, rootsAt } from "./bins-ahead.ts";
import { STORED_QUANTILES } from "./forecast.ts";
import type { Desk } from "./mixture.ts";
import type { ForecastState } from "./state.ts";

const POWER = 16;
const FLOOR = 0.005;
/** Beyond it a rival is as bad as can be told. */
const WORST_RATIO = 10;

/** Sums of losses on the same forecasts, and how many there were. */
export type Losses = { readonly ours: number; readonly theirs: number; readonly rows: number };
/** `ratio`: their loss over ours, before anything was resolved; `rows`: what that belief weighs. */
export type Belief = { readonly ratio: number; readonly rows: number };

/** Their loss over ours: below 1 the rival is the better one. */
export function lossRatio({ ours, theirs, rows }: Losses, belief: Belief): number {
  if (!(rows > 0)) return belief.ratio;
  const tiny = 1e-9 * rows;
  const measured = Math.min(WORST_RATIO, (theirs + tiny) / (ours + tiny));
  return (measured * rows + belief.ratio * belief.rows) / (rows + belief.rows);
}

/** The rival's share of the forecast, in (0, 1); ours is the rest. */
export function rivalShare(ratio: number): number {
  const theirs = Math.min(1, ratio ** -POWER) + FLOOR;
  const ours = Math.min(1, ratio ** POWER) + FLOOR;
  return theirs / (theirs + ours);
}

/** Mean pinball loss of roots at STORED_QUANTILES for the root that came. */
export function pinballOf(roots: ArrayLike<number>, root: number): number {
  let sum = 0;
  for (let q = 0; q < STORED_QUANTILES.length; q++) {
    const miss = root - roots[q]!;
    sum += miss >= 0 ? miss * STORED_QUANTILES[q]! : -miss * (1 - STORED_QUANTILES[q]!);
  }
  return sum / STORED_QUANTILES.length;
}

/**
 * What the state itself loses on `bin`, foreseen from `lead` bins before it, or NaN where it knew nothing then. As in
 * resolve.ts the forecast is made again from memory; the bin must not be learned yet.
 */
export function ownLoss(state: ForecastState, desk: Desk, rank: number, bin: number, root: number): number {
  const { leads, memory } = state;
  const origin = bin - leads[rank]!.bins;
  if (origin < memory.first + 2) return Number.NaN;
  const parts = binAhead(state, desk, bin, origin);
  return pinballOf(rootsAt(parts, leads, STORED_QUANTILES), root);
}
