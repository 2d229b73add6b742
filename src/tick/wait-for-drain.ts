/**
 * The one wait of a tick for machines that were just taken out of routing: all of them at once, as long as the most patient
 * needs that still fits. What takes longer is left draining, and stopped by a later tick.
 */
import { type Instant, SECOND_MS } from "../core/time.ts";
import type { Clock } from "../ports.ts";
import type { SettledAction } from "./hindrance.ts";

/** Other apps need the tick's time too. */
const LONGEST_WAIT_MS = 30 * SECOND_MS;
/** For the stops after it. */
const RESERVE_MS = 10 * SECOND_MS;

/** @returns ids of machines that have drained as long as they should */
export async function waitForDrain(
  settled: readonly SettledAction[],
  deadline: Instant,
  clock: Clock,
): Promise<ReadonlySet<string>> {
  const most = Math.min(LONGEST_WAIT_MS, deadline - RESERVE_MS - clock.now());
  const waits = settled.flatMap(({ action, outcome }) => {
    if (action.kind !== "cordon" || outcome.status !== "done") return [];
    return [{ machineId: action.machineId, ms: action.drainSeconds * SECOND_MS }];
  });
  const fitting = waits.filter(({ ms }) => ms <= most);
  if (fitting.length > 0) await clock.sleep(Math.max(...fitting.map(({ ms }) => ms)));
  return new Set(fitting.map(({ machineId }) => machineId));
}
