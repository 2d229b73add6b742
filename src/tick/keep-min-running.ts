/**
 * Fly Proxy's min_machines_running, set on a stopped machine right before its start, as part of that start's intent.
 *
 *   nothing to set                        a read, and the start as ever
 *   set, or refused, or nobody knows      the start goes out all the same, and the outcome says which
 *   little time, or the lease was lost    not even looked at: another start will do it
 *
 * The trap is to let a setting stand in the way of growth: whatever happens here, the machine is asked to start.
 */
import type { Action } from "../core/actions.ts";
import { type Instant, SECOND_MS } from "../core/time.ts";
import { messageOf } from "../errors.ts";
import type { TickPorts } from "../ports.ts";

/** The update and what follows it, at their slowest. */
const TIME_NEEDED_MS = 30 * SECOND_MS;

/** @returns what to add to the start's evidence; "" where nothing was done */
export async function keepMinRunning(
  app: string,
  { machineId, minRunning }: Extract<Action, { kind: "start" }>,
  way: { readonly deadline: Instant; readonly stillHeld: () => Promise<boolean> },
  { machineApi, clock }: Pick<TickPorts, "machineApi" | "clock">,
): Promise<string> {
  if (minRunning === undefined || clock.now() + TIME_NEEDED_MS > way.deadline) return "";
  if (!(await way.stillHeld())) return "";
  try {
    const answer = await machineApi.keepMinRunning(app, machineId, minRunning);
    return answer === "done" ? `; min_machines_running set to ${minRunning} before` : "";
  } catch (error) {
    return `; min_machines_running may be as it was: ${messageOf(error)}`;
  }
}
