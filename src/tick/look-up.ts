/**
 * Whether a call whose answer was lost was done after all. A create is looked up by its name: by the machine that Fly says
 * has it, else in the list, which may lag behind for some seconds. A start or a stop is seen by the machine's state.
 *
 * The trap is to take silence for a no: null means that it was not done, or that nobody can tell.
 */
import type { Action } from "../core/actions.ts";
import { isActive, type Machine, type MachineState } from "../core/fleet.ts";
import { isMachineApiError, type MachineApiError } from "../errors.ts";
import type { Intent, MachineApi, Outcome, TickPorts } from "../ports.ts";

const STOPPED: ReadonlySet<MachineState> = new Set(["stopping", "stopped", "suspending", "suspended"]);

export async function lookUp(
  { action, pool }: Intent,
  error: MachineApiError,
  { machineApi }: Pick<TickPorts, "machineApi">,
): Promise<Outcome | null> {
  try {
    if (action.kind === "create") {
      const made = await findByName(machineApi, pool.app, action.machineName, error.holderId);
      return made && done(made, `found by its name after: ${error.message}`);
    }
    const machine = await machineApi.get(pool.app, action.machineId);
    if (!hasTakenEffect(action.kind, machine)) return null;
    const routed = machine.cordoned ? ", out of routing" : "";
    return done(machine, `found ${machine.state}${routed} after: ${error.message}`);
  } catch (failure) {
    const isGone = action.kind === "destroy" && isMachineApiError(failure) && failure.kind === "notFound";
    return isGone ? done({ id: action.machineId }, `found gone after: ${error.message}`) : null;
  }
}

/** Whether a machine is where such a call would have brought it; one that is to go is there once it is gone. */
export function hasTakenEffect(kind: Exclude<Action["kind"], "create">, machine: Machine): boolean {
  switch (kind) {
    case "start":
      // Also one that somebody keeps out of routing.
      return isActive({ ...machine, cordoned: false });
    case "stop":
    case "suspend":
      return STOPPED.has(machine.state);
    case "cordon":
      return machine.cordoned;
    case "uncordon":
      return !machine.cordoned;
    case "destroy":
      return false;
  }
}

function done({ id }: Pick<Machine, "id">, evidence: string): Outcome {
  return { status: "done", machineId: id, evidence };
}

/** By its id a machine is found at once, in the list only later. */
async function findByName(
  api: MachineApi,
  app: string,
  name: string,
  holderId: string | null,
): Promise<Machine | null> {
  const holder = holderId === null ? null : await api.get(app, holderId).catch(() => null);
  if (holder?.name === name) return holder;
  return (await api.list(app)).find((machine) => machine.name === name) ?? null;
}
