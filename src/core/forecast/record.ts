/**
 * What was never seen. Misses are read as multiples of a spread, and the 99.9th percentile of all misses times the spread of
 * a restless hour can come to ten times the highest load that ever was: true of the arithmetic, not of the pool. Where a
 * quantile lies above the pool's record it is bent towards it, by the tenth power of how far beyond it lies: above its
 * record a load hardly ever goes far, as where peaks over a threshold fall off as a power (Pickands 1975).
 *
 * Growth is not bent away: where the body of the forecast, its 90th percentile, is itself above the record, the bend begins
 * there. Bending is monotone, so quantiles stay quantiles, and what is bent can be unbent.
 *
 * The trap is the first days, when every morning is a record: before two of them nothing is bent.
 */
import type { Quantile } from "../quantile.ts";
import { DAY_MS } from "../time.ts";
import type { ForecastState } from "./state.ts";

export const BODY: Quantile = 0.9;
const BEND = 0.1;
const FIRST_DAYS_MS = 2 * DAY_MS;
/** Of the root; of the load that is half in six weeks. */
const LOST_PER_DAY = 1 / 180;

export function learnRecord({ pulse, profile }: ForecastState, root: number): void {
  pulse.record = Math.max(root, pulse.record * (1 - LOST_PER_DAY / profile.day.length));
}

/** Beyond this root quantiles are bent; infinite while too little was seen. */
export function recordOf({ pulse, memory, binMs }: ForecastState): number {
  const seenMs = (memory.last - memory.first) * binMs;
  return seenMs < FIRST_DAYS_MS || pulse.record <= 0 ? Number.POSITIVE_INFINITY : pulse.record;
}

export function bent(root: number, from: number): number {
  return root > from ? from * (root / from) ** BEND : root;
}

/** The root that was bent to this one. */
export function unbent(root: number, from: number): number {
  return root > from ? from * (root / from) ** (1 / BEND) : root;
}
