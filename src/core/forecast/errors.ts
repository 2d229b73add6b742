/**
 * Quantiles from the forecaster's own misses: at each lead a histogram of miss ÷ spread in which every older one weighs a
 * little less. The load that 95 % of forecasts stayed under is read off it, so a quantile keeps its promise whatever shape
 * the misses have, and follows when they drift. What is divided by a spread and read off together is split conformal
 * prediction with a local scale (Lei et al. 2018); fixed decaying weights are of Barber, Candès, Ramdas and Tibshirani,
 * "Conformal prediction beyond exchangeability" (2023).
 *
 * Cells have even steps of asinh(4·error): narrow around zero, wide far out. Beyond so many spreads (`farthest`) all are
 * alike: what one viral day did must not set the 99th percentile of a month.
 *
 * The trap is the first day: thirteen made-up errors, wide on purpose, stand in until there are real ones.
 */
import { clamp } from "../clamp.ts";
import type { Quantile } from "../quantile.ts";

export const CELLS = 80;
const CELL_WIDTH = 0.15;
const MIDDLE = 40;
/** All errors together never weigh more: older ones shrink to make room. */
const MEMORY = 667;
const FIRST_ERRORS: readonly number[] = [-2.5, -1.6, -1, -0.6, -0.3, 0, 0, 0.3, 0.6, 1, 1.6, 2.5, 3.5];
export const FIRST_COUNT = FIRST_ERRORS.length;

/** Weight of errors per cell. */
export function freshErrors(): Float64Array {
  const cells = new Float64Array(CELLS);
  for (const error of FIRST_ERRORS) cells[cellOf(error)]! += 1;
  return cells;
}

/** Takes one error in, as `rows` of them; beyond `farthest` spreads it counts as that. */
export function learnError(cells: Float64Array, error: number, rows: number, farthest: number): void {
  cells[cellOf(clamp(error, -farthest, farthest))]! += rows;
}

/** Shrinks what is known to the weight of `memory` errors, where it weighs more. */
export function fadeErrors(cells: Float64Array, memory = MEMORY): void {
  const weight = weightOf(cells);
  if (weight > memory) for (let i = 0; i < CELLS; i++) cells[i]! *= memory / weight;
}

/** The error that a share `quantile` stayed under; never falls in `quantile`. */
export function errorQuantile(cells: Float64Array, quantile: Quantile): number {
  return quantileIn(cells, runningWeights(cells), quantile);
}

/** Weights of errors up to each border between cells, from 0 to CELLS: summed once, read at many quantiles. */
export function runningWeights(
  cells: Float64Array,
  below: Float64Array = new Float64Array(CELLS + 1),
): Float64Array {
  for (let i = 0; i < CELLS; i++) below[i + 1] = below[i]! + cells[i]!;
  return below;
}

/** As `errorQuantile`, with the cells' running weights at hand: the first border that holds enough is found by halving. */
export function quantileIn(cells: Float64Array, below: Float64Array, quantile: Quantile): number {
  const wanted = quantile * below[CELLS]!;
  let low = 0;
  let high = CELLS;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (below[middle]! >= wanted) high = middle;
    else low = middle;
  }
  const weight = cells[low]!;
  return errorAt(weight > 0 ? low + clamp((wanted - below[low]!) / weight, 0, 1) : CELLS);
}

/** Shares of errors up to each border between cells, from 0 to CELLS: read many times, summed once. */
export function errorShares(
  cells: Float64Array,
  shares: Float64Array = new Float64Array(CELLS + 1),
): Float64Array {
  const weight = weightOf(cells);
  for (let i = 0; i < CELLS; i++) shares[i + 1] = Math.min(1, shares[i]! + cells[i]! / weight);
  return shares;
}

/** The share of errors that stayed under `error`: the inverse of `errorQuantile`. */
export function errorShare(shares: Float64Array, error: number): number {
  const place = clamp(Math.asinh(4 * error) / CELL_WIDTH + MIDDLE + 0.5, 0, CELLS);
  const whole = Math.min(CELLS - 1, Math.floor(place));
  return shares[whole]! + (place - whole) * (shares[whole + 1]! - shares[whole]!);
}

function weightOf(cells: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < CELLS; i++) sum += cells[i]!;
  return sum;
}

function cellOf(error: number): number {
  return clamp(Math.round(Math.asinh(4 * error) / CELL_WIDTH) + MIDDLE, 0, CELLS - 1);
}

/** The error at a place between the cells' borders, from 0 to CELLS. */
function errorAt(place: number): number {
  return Math.sinh((place - MIDDLE - 0.5) * CELL_WIDTH) / 4;
}
