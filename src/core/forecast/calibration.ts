/**
 * Quantiles from the model's own errors, by quantile tracking: after each resolved forecast the estimate of the
 * τ-quantile of the error moves up by η·τ if the error was above it and down by η·(1 − τ) if not. It comes to rest where
 * just τ of the errors lie below, whatever their distribution and however it drifts.
 * Source: Angelopoulos, Candès, Tibshirani, "Conformal PID Control for Time Series Prediction" (2023), section 2.
 *
 * Errors are relative, (actual − expected) / (expected + floor), so that a quiet night and a busy noon share one scale;
 * the floor keeps an expected zero from making every request an infinite surprise.
 */
import { interpolateQuantile, type Quantile } from "../quantile.ts";

/** Tracked quantiles, ascending; others are read between them. */
export const TRACKED: readonly Quantile[] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99];

/** Before any error was seen: wide on purpose, since a first guess that is too low costs more than one too high. */
const FIRST_ERRORS: readonly number[] = [-0.5, -0.25, 0, 0.25, 0.6, 0.8, 1.1, 1.3];
/** Step as a share of the running mean error; larger follows faster, smaller rests closer. */
const STEP_SHARE = 0.08;
const SIZE_RATE = 0.01;

export type Calibration = {
  /** errors[i] is the running estimate of the TRACKED[i] quantile of the relative error. */
  errors: number[];
  /** Running mean of the absolute relative error. */
  size: number;
  resolved: number;
};

export function freshCalibration(): Calibration {
  return { errors: [...FIRST_ERRORS], size: 0.5, resolved: 0 };
}

/** Takes one resolved forecast's relative error into the estimates, in place. */
export function learnError(calibration: Calibration, error: number): void {
  const rate = Math.max(1 / (calibration.resolved + 2), SIZE_RATE);
  calibration.size += (Math.abs(error) - calibration.size) * rate;
  calibration.resolved += 1;
  // Bolder while young: the first estimates are guesses, not measurements.
  const step = calibration.size * (STEP_SHARE + 1 / Math.sqrt(calibration.resolved + 4));
  for (let i = 0; i < TRACKED.length; i++) {
    const tau = TRACKED[i]!;
    calibration.errors[i]! += error > calibration.errors[i]! ? step * tau : -step * (1 - tau);
  }
}

/** The relative error that `quantile` of forecasts stay under. Tracked estimates may cross while young: they are sorted first. */
export function errorQuantile(calibration: Calibration, quantile: Quantile): number {
  const sorted = [...calibration.errors].sort((a, b) => a - b);
  return interpolateQuantile(TRACKED, sorted, quantile);
}

export function relativeError(actual: number, expected: number, floorLoad: number): number {
  return (actual - expected) / (expected + floorLoad);
}
