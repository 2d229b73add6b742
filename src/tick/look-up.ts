/**
 * Whether a call whose answer was lost was done after all. A create is looked up by its name: by the machine that Fly says
 * has it, else in the list, which may lag behind for some seconds. A start or a stop is seen by the machine's state.
 *
 * The trap is to take silence for a no: null means that it was not done, or that nobody can tell.
 */
import { isActive, type Machine } from "../core/fleet.ts";
import type { MachineApiError } from "../errors.ts";
import type { Intent, MachineApi, Outcome, TickPorts } from "../ports.ts";

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
    if (isActive(machine) !== (action.kind === "start")) return null;
    return done(machine, `found ${machine.state} after: ${error.message}`);
  } catch {
    return null;
  }
}

function done({ id }: Machine, evidence: string): Outcome {
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
