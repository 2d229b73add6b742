/**
 * What the pool has seen: quantiles of its load over the bins of the past week, whenever they came. No model is in it, so
 * it is what to fall back on when the model turns out to be too sure of itself.
 */
import type { Quantile } from "../quantile.ts";
import { loadOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

/** Ascending `quantiles` of the loads remembered, nearest rank; zeros where nothing is. */
export function lately({ memory }: ForecastState, quantiles: readonly Quantile[]): number[] {
  const roots = memory.roots.filter((root) => !Number.isNaN(root)).sort();
  return quantiles.map((quantile) => loadOf(roots[Math.max(0, Math.ceil(quantile * roots.length) - 1)] ?? 0));
}
