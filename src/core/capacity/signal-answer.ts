/** What one signal says of a machine's capacity, with its evidence; or why it says nothing. */
import type { Level, Signal } from "./load-levels.ts";

export type SignalAnswer = {
  readonly signal: Signal;
  /** Requests a minute that one machine carries by this signal; null: it cannot say. */
  readonly requestsPerWorker: number | null;
  /** In [0, 1]; 0 where it cannot say. */
  readonly confidence: number;
  /** Bins that it rests on, older ones counted for less. */
  readonly samples: number;
  /** Requests a minute and machine that were seen. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
};

/** Fewer bins, or fewer levels of load, are no curve. */
const LEAST_SAMPLES = 60;
const LEAST_LEVELS = 4;

/** The answer of a signal whose curve is too thin, or null where it is good enough to be read. */
export function tooLittle(signal: Signal, curve: readonly Level[]): SignalAnswer | null {
  const { samples } = extentOf(curve);
  if (samples === 0) return silence(signal, curve, "it was not measured");
  if (samples < LEAST_SAMPLES)
    return silence(signal, curve, `only ${Math.round(samples)} of ${LEAST_SAMPLES} bins were measured`);
  if (curve.length < LEAST_LEVELS) return silence(signal, curve, "the load was always about the same");
  return null;
}

export function silence(signal: Signal, curve: readonly Level[], why: string): SignalAnswer {
  return { signal, requestsPerWorker: null, confidence: 0, ...extentOf(curve), why };
}

export function extentOf(curve: readonly Level[]): { samples: number; from: number; to: number } {
  const samples = curve.reduce((sum, level) => sum + level.weight, 0);
  return { samples, from: curve[0]?.load ?? 0, to: curve.at(-1)?.load ?? 0 };
}

/** From 0 towards 1 as `amount` grows; one half at `half`. */
export function rising(amount: number, half: number): number {
  return amount <= 0 ? 0 : amount / (amount + half);
}
