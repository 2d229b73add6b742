/**
 * What became of the calls of earlier ticks whose outcome nobody heard: a tick died, an answer was lost. Fly's list is
 * the witness. A create is found by its name, and since the list lags behind writes, one that is not there yet is only
 * given up after a while.
 */
import type { Action } from "../core/actions.ts";
import type { Machine } from "../core/fleet.ts";
import { type Instant, MINUTE_MS } from "../core/time.ts";
import type { Intent, Outcome } from "../ports.ts";
import { hasTakenEffect } from "./look-up.ts";

/** A create is sent up to a tick's deadline after its intent, and Fly's list shows it seconds later; this is more than both. */
const LIST_LAG_MS = 4 * MINUTE_MS;

const GONE_IS_DONE: ReadonlySet<Action["kind"]> = new Set(["stop", "suspend", "destroy"]);

/** @param open all that are open in the pool: steps of one machine bear witness for each other */
export function resolveIntent(
  { action, openedAt }: Intent,
  machines: readonly Machine[],
  now: Instant,
  open: readonly Intent[] = [],
): Outcome {
  if (action.kind === "create") {
    const made = machines.find((machine) => machine.name === action.machineName);
    if (made) return outcome("done", made.id, `found by its name ${action.machineName}, ${made.state}`);
    const ageMs = now - openedAt;
    if (ageMs < LIST_LAG_MS)
      return outcome(
        "unknown",
        null,
        `not in Fly's list ${Math.round(ageMs / 1_000)} s later; the list may lag`,
      );
    return outcome(
      "failed",
      null,
      `no machine is named ${action.machineName} ${Math.round(ageMs / 1_000)} s later`,
    );
  }
  const machine = machines.find(({ id }) => id === action.machineId);
  if (machine === undefined) {
    return outcome(
      GONE_IS_DONE.has(action.kind) ? "done" : "failed",
      action.machineId,
      "the machine is no longer in Fly's list",
    );
  }
  const routed = machine.cordoned ? ", out of routing" : "";
  const status = wasDone(action, machine, restOf(action.machineId, openedAt, open)) ? "done" : "failed";
  return outcome(status, machine.id, `found ${machine.state}${routed} by a later tick`);
}

/**
 * Where a machine was to rest in the same tick, that tells of its cordon: it was stopped only after that, and the cordon was
 * lifted only after the stop. By itself a machine in routing would look as if it had never been out, or were back.
 */
function wasDone(action: MachineAction, machine: Machine, rest: MachineAction | undefined): boolean {
  const hasRested = rest !== undefined && hasTakenEffect(rest.kind, machine);
  if (action.kind === "cordon" && hasRested) return true;
  if (action.kind === "uncordon" && rest !== undefined && !hasRested) return false;
  return hasTakenEffect(action.kind, machine);
}

type MachineAction = Exclude<Action, { kind: "create" }>;

function restOf(machineId: string, openedAt: Instant, open: readonly Intent[]): MachineAction | undefined {
  return open
    .filter((intent) => intent.openedAt === openedAt)
    .map(({ action }) => action)
    .filter((action) => action.kind === "stop" || action.kind === "suspend")
    .find((action) => action.machineId === machineId);
}

function outcome(status: Outcome["status"], machineId: string | null, evidence: string): Outcome {
  return { status, machineId, evidence };
}
