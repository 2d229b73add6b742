/**
 * The end of step 8: what was decided is told to whoever may ask before the next tick. It is kept two cadences long: one missed
 * slot is bridged, after that no plan is better than an old one. A cache that is away changes nothing.
 */
import { latestPlanOf, latestPlansKey } from "../core/latest.ts";
import type { Lease, TickPorts } from "../ports.ts";
import type { DecidedPool } from "./open-document.ts";

const CADENCES_KEPT = 2;

export async function publishPlans(
  { app }: Lease,
  decided: readonly DecidedPool[],
  cadenceMs: number,
  { cache }: TickPorts,
): Promise<void> {
  const plans = decided.map(({ observation, tick }) => latestPlanOf(observation, tick));
  await cache.set(latestPlansKey(app), plans, { ttlMs: CADENCES_KEPT * cadenceMs });
}
