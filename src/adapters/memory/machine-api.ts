/**
 * Machines in a Map: every transition is done at once, and nothing fails but what must: names are unique within an app,
 * a missing machine or app is notFound. Boots, limits, leases and faults belong to the simulator in src/sim.
 */
import type { Machine, MachineState } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import { MachineApiError } from "../../errors.ts";
import type { MachineApi } from "../../ports.ts";

/** The port, and a person's hands. */
export type MemoryMachineApi = MachineApi & {
  /** Changes a machine, or adds one, behind the caller's back. */
  put(app: string, machine: Machine): void;
  /** Takes the machine's lease, as a deploy does, for good. */
  hold(app: string, machineId: string): void;
  /** How many are held so. */
  held(): number;
};

const RESTING: ReadonlySet<MachineState> = new Set(["stopped", "suspended"]);

/** @param options.apps the machines of each app; an app that is not named does not exist */
export function createMemoryMachineApi(options: {
  readonly apps: Readonly<Record<string, readonly Machine[]>>;
  readonly now: () => Instant;
}): MemoryMachineApi {
  const { now } = options;
  const apps = new Map(Object.entries(options.apps).map(([app, machines]) => [app, byId(machines)]));
  const held = new Set<string>();
  let created = 0;

  function machinesOf(app: string): Map<string, Machine> {
    const machines = apps.get(app);
    if (machines !== undefined) return machines;
    throw new MachineApiError("notFound", `Cannot find app ${app}: it does not exist; check its name`);
  }

  function find(app: string, id: string): Machine {
    const machine = machinesOf(app).get(id);
    if (machine !== undefined) return machine;
    const next = "read the app's machines again";
    throw new MachineApiError("notFound", `Cannot find machine ${id} of app ${app}: it is gone; ${next}`);
  }

  function requireFree(app: string, id: string): void {
    if (!held.has(id)) return;
    const why = "somebody else holds its lease; leave it for this tick";
    throw new MachineApiError("leaseHeld", `Cannot move machine ${id} of app ${app}: ${why}`);
  }

  function route(app: string, id: string, cordoned: boolean): "done" | "alreadyDone" {
    const machine = find(app, id);
    if (machine.cordoned === cordoned) return "alreadyDone";
    requireFree(app, id);
    machinesOf(app).set(id, { ...machine, cordoned });
    return "done";
  }

  function destroy(app: string, id: string): "done" | "alreadyDone" {
    const machine = machinesOf(app).get(id);
    if (machine === undefined) return "alreadyDone";
    requireFree(app, id);
    if (!RESTING.has(machine.state) || machine.hasVolume !== false) {
      const why = "it runs, or may have a volume; stop it first, or do it by hand";
      throw new MachineApiError("wrongState", `Cannot destroy machine ${id} of app ${app}: ${why}`);
    }
    machinesOf(app).delete(id);
    return "done";
  }

  function move(app: string, id: string, state: "started" | "stopped" | "suspended"): "done" | "alreadyDone" {
    const machine = find(app, id);
    if (machine.state === state) return "alreadyDone";
    requireFree(app, id);
    if (state === "suspended" && machine.state !== "started") {
      const why = "it does not run; read the app's machines again";
      throw new MachineApiError("wrongState", `Cannot suspend machine ${id} of app ${app}: ${why}`);
    }
    const health = state === "started" ? "passing" : "unknown";
    const verb = state === "started" ? "start" : "stop";
    machinesOf(app).set(id, { ...machine, state, health, lastAsked: { verb, by: "user", at: now() } });
    return "done";
  }

  function keepMinRunning(app: string, id: string, minRunning: number): "done" | "alreadyDone" {
    const machine = find(app, id);
    const after = machine.state === "stopped" ? minded(machine, minRunning) : machine;
    if (after.proxy?.minRunning === machine.proxy?.minRunning) return "alreadyDone";
    requireFree(app, id);
    machinesOf(app).set(id, after);
    return "done";
  }

  return {
    list: async (app) => [...machinesOf(app).values()],
    get: async (app, id) => find(app, id),
    start: async (app, id) => move(app, id, "started"),
    keepMinRunning: async (app, id, minRunning) => keepMinRunning(app, id, minRunning),
    stop: async (app, id) => move(app, id, "stopped"),
    suspend: async (app, id) => move(app, id, "suspended"),
    cordon: async (app, id) => route(app, id, true),
    uncordon: async (app, id) => route(app, id, false),
    destroy: async (app, id) => destroy(app, id),
    async create(app, { name, region, templateId, minRunning }) {
      const template = find(app, templateId);
      const holder = [...machinesOf(app).values()].find((machine) => machine.name === name);
      if (holder !== undefined) {
        const why = `machine ${holder.id} has that name; look it up`;
        throw new MachineApiError("nameTaken", `Cannot create machine ${name} of app ${app}: ${why}`, {
          holderId: holder.id,
        });
      }
      const id = (++created).toString(16).padStart(14, "f");
      const machine: Machine = {
        ...(minRunning === undefined ? template : minded(template, minRunning)),
        id,
        name,
        region,
        state: "started",
        health: "passing",
        cordoned: false,
        createdAt: now(),
        lastAsked: { verb: "start", by: "user", at: now() },
      };
      machinesOf(app).set(id, machine);
      return machine;
    },
    put: (app, machine) => void machinesOf(app).set(machine.id, machine),
    hold: (app, id) => void held.add(find(app, id).id),
    held: () => held.size,
  };
}

/** With min_machines_running where Fly Proxy minds it. */
function minded(machine: Machine, minRunning: number): Machine {
  const { proxy } = machine;
  if (proxy === undefined || proxy.autostop === "off" || proxy.isSecondary) return machine;
  return { ...machine, proxy: { ...proxy, minRunning } };
}

function byId(machines: readonly Machine[]): Map<string, Machine> {
  return new Map(machines.map((machine) => [machine.id, machine]));
}
