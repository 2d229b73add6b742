/**
 * Step 5: from load to machines. For every bin until the plan ends: how many machines its load needs at the quantile of the
 * goal (for words and pictures), and what being without each further machine would cost there (for the decision).
 *
 * At a price the k-th machine is missed by the share of it that demand would have used, times the price; under a promise
 * by the chance that the minute is short without it, over the chance that is allowed. Where the forecast is doubted, what the
 * past week has seen counts in its place.
 */
import type { Forecast } from "../forecast/forecast.ts";
import { type Goal, goalInWords, quantileAt } from "../goal.ts";
import { interpolateQuantile, type Quantile } from "../quantile.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import { type CapacityModel, machinesFor } from "./capacity-model.ts";
import { riskAbove } from "./tail.ts";
import type { Ahead } from "./worth.ts";

/** What a plan reads of each bin. The last ones matter most: a promise is about the rarest minutes. */
export const PLAN_QUANTILES: readonly Quantile[] = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/** A dip so long after the last lead time is still bridged where that is cheaper than a boot. */
const LOOK_BEYOND_MS = 15 * MINUTE_MS;
const LEADS_AHEAD = 3;
const CADENCES_AHEAD = 2;
/** More machines than this are looked at in blocks: the cost of a plan must not grow with a load that is a mistake. */
const MOST_BLOCKS = 256;

export type PlanWindow = {
  readonly from: Instant;
  /** What is asked for at the next tick serves no sooner: this decision must last until here. */
  readonly coveredUntil: Instant;
  readonly until: Instant;
  /** Now and the ticks to come. */
  readonly ticks: readonly Instant[];
};

export type CapacityPlan = {
  readonly window: PlanWindow;
  readonly goal: string;
  readonly risk: number;
  readonly quantile: Quantile;
  /** Ascending; load in requests a minute at the quantile. */
  readonly bins: readonly { readonly at: Instant; readonly load: number; readonly machines: number }[];
  /** null where nothing is forecast. */
  readonly ahead: Ahead | null;
  /** Machines in each block of `ahead`. */
  readonly blockSize: number;
};

export type Belief = { readonly goal: Goal; readonly risk: number; readonly doubt: number };

export function planWindow(now: Instant, slot: Instant, cadenceMs: number, leadMs: number): PlanWindow {
  const next = Math.max(slot + cadenceMs, now + 1);
  const until = now + CADENCES_AHEAD * cadenceMs + LEADS_AHEAD * leadMs + LOOK_BEYOND_MS;
  const ticks = [now];
  for (let at = next; at < until; at += cadenceMs) ticks.push(at);
  return { from: now, coveredUntil: next + leadMs, until, ticks: [...ticks, until] };
}

export function planCapacity(
  forecast: Forecast | null,
  model: CapacityModel,
  { goal, risk, doubt }: Belief,
  window: PlanWindow,
): CapacityPlan {
  const quantile = quantileAt(risk);
  const facts = { window, goal: goalInWords(goal), risk, quantile };
  const length = forecast?.load[0]?.length ?? 0;
  if (forecast === null || length === 0) return { ...facts, bins: [], ahead: null, blockSize: 1 };
  const curves = Array.from({ length }, (_, i) => forecast.load.map((curve) => curve[i]!));
  const bins = curves.map((loads, i) => {
    const load = interpolateQuantile(forecast.quantiles, loads, quantile);
    return { at: forecast.start + i * forecast.binMs, load, machines: machinesFor(load, model) };
  });
  const highest = [...curves, forecast.lately].reduce((most, loads) => Math.max(most, loads.at(-1) ?? 0), 0);
  const reach = reachOf(risk) * machinesFor(highest, model) + 1;
  const blockSize = Math.ceil(reach / MOST_BLOCKS);
  const ahead: Ahead = {
    start: forecast.start,
    binMs: forecast.binMs,
    blocks: Math.ceil(reach / blockSize),
    missed: missedBy(forecast, curves, blockSize * model.requestsPerWorker, { goal, risk, doubt }),
  };
  return { ...facts, bins, blockSize, ahead };
}

/** How far above the highest quantile a tail may still count: it is the longer, the smaller the risk. */
function reachOf(risk: number): number {
  if (risk < 0.001) return 8;
  return risk < 0.005 ? 3 : 1.5;
}

/** What being without a block costs in each bin; a block carries `blockLoad` requests a minute. */
function missedBy(
  { quantiles, lately }: Forecast,
  curves: readonly (readonly number[])[],
  blockLoad: number,
  { goal, risk, doubt }: Belief,
): Ahead["missed"] {
  if (goal.kind === "price") {
    // Simpson's rule over the block: the mean risk is the share of it that demand uses. A block ends where the next begins.
    const borders: number[][] = [];
    const border = (block: number) => {
      borders[block] ??= risksAbove(quantiles, curves, block * blockLoad);
      return borders[block];
    };
    return (block) => {
      const [first, last] = [border(block), border(block + 1)];
      const middle = risksAbove(quantiles, curves, (block + 0.5) * blockLoad);
      return middle.map((half, bin) => (first[bin]! + 4 * half + last[bin]!) / (6 * risk));
    };
  }
  return (block) => {
    const seen = doubt * riskAbove({ quantiles, loads: lately }, block * blockLoad);
    const risks = risksAbove(quantiles, curves, block * blockLoad);
    return risks.map((above) => ((1 - doubt) * above + seen) / risk);
  };
}

/** The chance that each bin's load exceeds `load`. */
function risksAbove(
  quantiles: readonly Quantile[],
  curves: readonly (readonly number[])[],
  load: number,
): number[] {
  return curves.map((loads) => riskAbove({ quantiles, loads }, load));
}

/** The most machines that any bin before `until` needs, or null where nothing is forecast. */
export function needBefore(plan: CapacityPlan, until: Instant): number | null {
  const needs = plan.bins.filter((bin) => bin.at < until).map((bin) => bin.machines);
  return needs.length === 0 ? null : Math.max(...needs);
}
