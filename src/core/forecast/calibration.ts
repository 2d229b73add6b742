/**
 * Quantiles from the model's own errors: a histogram of past relative errors in which every older one weighs a little
 * less. The load that 95 % of forecasts stayed under is read off it. Weighted this way the quantile keeps its promise
 * also while the errors drift, up to how far they drift within the memory of about five days.
 * Source: Barber, Candès, Ramdas, Tibshirani, "Conformal prediction beyond exchangeability" (2023), fixed decaying weights.
 *
 * Errors are relative, (actual − expected) / (expected + floor), so that a quiet night and a busy noon share one scale.
 * The cells are narrow around zero and wide far out (even steps of asinh(10·error)): 0.02 wide at no error, 0.18 at an
 * error of one. The trap is the true zero: a pool without traffic must be forecast at exactly nothing, or rounding up
 * makes it one machine; so the cell around zero answers zero.
 */
import { clamp } from "../clamp.ts";
import type { Quantile } from "../quantile.ts";

/** From an error of −1, the least there is, to one of about 100. */
export const CELLS = 60;
const CELL_WIDTH = 0.18;
const ZERO_CELL = 17;

/** Half of a memory is forgotten in 0.69/RATE forecasts: five days of 5-minute bins. */
const RATE = 1 / 2_016;
/** Before any error was seen: wide on purpose, since a first guess that is too low costs more than one too high. */
const FIRST_ERRORS: readonly number[] = [-0.5, -0.3, -0.2, -0.1, 0, 0, 0.1, 0.3, 0.5, 0.8, 1.1, 1.3];
/** The first guess weighs as much as this many forecasts that were resolved. */
const FIRST_WEIGHT = 12;

export type Calibration = {
  /** weight[i] is the share of errors in cell i; the sum is 1. */
  readonly weight: Float32Array;
  /** Running mean of the absolute relative error. */
  size: number;
  resolved: number;
};

export function freshCalibration(): Calibration {
  const weight = new Float32Array(CELLS);
  for (const error of FIRST_ERRORS) weight[cellOf(error)]! += 1 / FIRST_ERRORS.length;
  return { weight, size: 0.5, resolved: 0 };
}

/** Takes one resolved forecast's relative error into the histogram, in place. */
export function learnError(calibration: Calibration, error: number): void {
  const { weight } = calibration;
  const rate = Math.max(1 / (calibration.resolved + FIRST_WEIGHT + 1), RATE);
  for (let i = 0; i < CELLS; i++) weight[i]! *= 1 - rate;
  weight[cellOf(error)]! += rate;
  calibration.size += (Math.abs(error) - calibration.size) * rate;
  calibration.resolved += 1;
}

/** The relative error that a share `quantile` of forecasts stayed under; never falls in `quantile`. */
export function errorQuantile({ weight }: Calibration, quantile: Quantile): number {
  let below = 0;
  for (let i = 0; i < CELLS; i++) {
    const share = weight[i]!;
    if (share > 0 && below + share >= quantile) {
      return i === ZERO_CELL ? 0 : errorAt(i + clamp((quantile - below) / share, 0, 1));
    }
    below += share;
  }
  return errorAt(CELLS);
}

export function relativeError(actual: number, expected: number, floorLoad: number): number {
  return (actual - expected) / (expected + floorLoad);
}

function cellOf(error: number): number {
  return clamp(Math.round(Math.asinh(10 * error) / CELL_WIDTH) + ZERO_CELL, 0, CELLS - 1);
}

/** The error at a place between the cells' borders, from 0 to CELLS. */
function errorAt(place: number): number {
  return Math.sinh((place - ZERO_CELL - 0.5) * CELL_WIDTH) / 10;
}
