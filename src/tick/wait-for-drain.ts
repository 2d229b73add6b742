/**
 * The one wait of a tick for machines that were just taken out of routing: all of them at once, as long as the most patient
 * needs that still fits. What takes longer is left draining, and stopped by a later tick.
 */
import { type Instant, SECOND_MS } from "../core/time.ts";
import type { Clock } from "../ports.ts";
import type { SettledAction } from "./hindrance.ts";

/** Of the time that is left: the stops after it, and the apps after this one, need some too. */
const MOST_SHARE = 0.25;

/** @returns ids of machines that have drained as long as they should */
export async function waitForDrain(
  settled: readonly SettledAction[],
  deadline: Instant,
  clock: Clock,
): Promise<ReadonlySet<string>> {
  const most = MOST_SHARE * (deadline - clock.now());
  const waits = settled.flatMap(({ action, outcome }) => {
    if (action.kind !== "cordon" || outcome.status !== "done") return [];
    return [{ machineId: action.machineId, ms: action.drainSeconds * SECOND_MS }];
  });
  const fitting = waits.filter(({ ms }) => ms <= most);
  if (fitting.length > 0) await clock.sleep(Math.max(...fitting.map(({ ms }) => ms)));
  return new Set(fitting.map(({ machineId }) => machineId));
}
