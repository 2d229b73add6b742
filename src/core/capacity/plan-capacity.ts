/**
 * Step 5: from load to machines. The bins that count reach from now to the end of what this decision must cover (the
 * next tick, and the lead time after it: what is asked for then serves no sooner), and a shrink window behind them.
 *
 * A machine stopped now and wanted again within the shrink window would be a boot for nothing; such a dip is bridged.
 */
import { type Forecast, loadAt } from "../forecast/forecast.ts";
import type { Policy } from "../policy.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import { type CapacityModel, machinesFor } from "./capacity-model.ts";

/** Bridged dips; added to the covered window when shrinking is considered. */
export const SHRINK_WINDOW_MS = 30 * MINUTE_MS;

export type CapacityPlan = {
  /** Capacity decided now must last until here. */
  readonly coveredUntil: Instant;
  /** Ascending; load in requests a minute at the policy's quantile. */
  readonly bins: readonly { readonly at: Instant; readonly load: number; readonly machines: number }[];
};

export type CoverWindow = { readonly from: Instant; readonly coveredUntil: Instant; readonly until: Instant };

/** What a decision at `now` in `slot` must look at. */
export function coverWindow(
  now: Instant,
  slot: Instant,
  cadenceMs: number,
  model: CapacityModel,
): CoverWindow {
  const coveredUntil = Math.max(slot + cadenceMs, now) + model.leadMs;
  return { from: now, coveredUntil, until: coveredUntil + SHRINK_WINDOW_MS };
}

export function planCapacity(
  forecast: Forecast | null,
  model: CapacityModel,
  policy: Policy,
  window: CoverWindow,
): CapacityPlan {
  const bins = [];
  const length = forecast?.load[0]?.length ?? 0;
  for (let i = 0; forecast !== null && i < length; i++) {
    const at = forecast.start + i * forecast.binMs;
    if (at >= window.until) break;
    const load = loadAt(forecast, i, policy.quantile);
    bins.push({ at, load, machines: machinesFor(load, model) });
  }
  return { coveredUntil: window.coveredUntil, bins };
}

/** The most machines that any bin before `until` needs, or null where nothing is forecast. */
export function needBefore(plan: CapacityPlan, until: Instant): number | null {
  const needs = plan.bins.filter((bin) => bin.at < until).map((bin) => bin.machines);
  return needs.length === 0 ? null : Math.max(...needs);
}
