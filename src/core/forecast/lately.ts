/**
 * What the pool has seen: quantiles of its load over the bins of the past week, whenever they came. No model is in it, so
 * it is what to fall back on when the model turns out to be too sure of itself.
 *
 * Counted in even steps of the root, not sorted: a week of minutes at every tick must cost microseconds. What is answered
 * is the upper end of a step, at most a 500th of the highest root above the truth.
 */
import type { Quantile } from "../quantile.ts";
import { loadOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

const STEPS = 500;

/** At `quantiles`, in any order, the loads that so large a share of the remembered bins stayed at or under; zeros without any. */
export function lately({ memory: { roots } }: ForecastState, quantiles: readonly Quantile[]): number[] {
  let highest = 0;
  for (let i = 0; i < roots.length; i++) if (roots[i]! > highest) highest = roots[i]!;
  const counts = new Uint32Array(STEPS + 1);
  let total = 0;
  for (let i = 0; i < roots.length; i++) {
    if (!(roots[i]! >= 0)) continue;
    counts[highest > 0 ? Math.ceil((roots[i]! / highest) * STEPS) : 0]! += 1;
    total += 1;
  }
  for (let step = 1; step <= STEPS; step++) counts[step]! += counts[step - 1]!;
  return quantiles.map((quantile) => {
    const step = counts.findIndex((below) => below >= quantile * total);
    return loadOf((step / STEPS) * highest);
  });
}
