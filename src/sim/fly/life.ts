/**
 * How a machine lives between calls: it has a plan, a list of steps that happen by themselves after a while.
 *
 * A verb sets the first state at once and the plan for the rest: start = `starting` now, then `started`, then checks pass.
 * A new plan replaces the old one, and its epoch makes the old timers harmless. Nothing else may write
 * `machine.state`: the events that Fly shows, the ledger's counts and the clock all hang on these functions.
 */

import { ulid } from "./ids.ts";
import { processGroupOf, recount } from "./ledger.ts";
import { pushTimer } from "./queue.ts";
import type { MachineState } from "./states.ts";
import type { By, LogEntry, Machine, MachineEvent, Step, World } from "./world.ts";

const EVENTS_KEPT = 20;

/** Puts the machine into `state` now and lets `plan` follow. */
export function enter(world: World, machine: Machine, state: MachineState, plan: Step[]): void {
  machine.plan = plan;
  setState(world, machine, state);
  schedule(world, machine);
}

/** Does the step whose timer came; an outdated timer does nothing. */
export function takeStep(world: World, machineId: string, epoch: number): void {
  const machine = world.machines.get(machineId);
  if (machine === undefined || machine.epoch !== epoch) return;
  const step = machine.plan.shift();
  if (step === undefined) return;
  if (step.ready) {
    machine.ready = true;
    machine.checkedAt = world.now;
    recount(world, machine);
  }
  if (step.gone) {
    bury(world, machine);
    return;
  }
  if (step.state !== undefined) reach(world, machine, step, step.state);
  schedule(world, machine);
}

/** Adds an event, newest first, as Fly lists them. */
export function addEvent(
  world: World,
  machine: Machine,
  event: { type: string; source: MachineEvent["source"]; request?: MachineEvent["request"] },
): void {
  const { type, source, request } = event;
  const base = { id: ulid(world), type, status: machine.state, source, timestamp: world.now };
  machine.events.unshift(request === undefined ? base : { ...base, request });
  if (machine.events.length > EVENTS_KEPT) machine.events.length = EVENTS_KEPT;
}

/** Writes an effective change to the log. */
export function note(
  world: World,
  machine: Machine,
  entry: { action: LogEntry["action"]; from: MachineState | null; by: By; requestId: string | null },
): void {
  const { id, app, name, region } = machine;
  const place = { at: world.now, app, processGroup: processGroupOf(machine), region, machineId: id, name };
  world.log.push({
    ...place,
    action: entry.action,
    from: entry.from,
    to: machine.state,
    by: entry.by,
    requestId: entry.requestId,
  });
}

/** Takes the machine out of the world; only lists with include_deleted still know it. */
export function bury(world: World, machine: Machine): void {
  const app = world.apps.get(machine.app);
  app?.machines.delete(machine.id);
  app?.gone.push(machine);
  world.machines.delete(machine.id);
  machine.plan = [];
  recount(world, machine);
}

/** True while no change of state is on its way. */
export function isSettled(machine: Machine): boolean {
  return !machine.plan.some((step) => step.state !== undefined);
}

function reach(world: World, machine: Machine, step: Step, state: MachineState): void {
  const from = machine.state;
  setState(world, machine, state);
  if (step.event !== undefined) addEvent(world, machine, { ...step.event, source: "flyd" });
  if (state === "destroyed") release(world, machine);
  if (step.byFault) note(world, machine, { action: "fail", from, by: "fault", requestId: null });
}

function setState(world: World, machine: Machine, state: MachineState): void {
  machine.state = state;
  machine.updatedAt = world.now;
  if (state !== "started" && machine.ready) {
    machine.ready = false;
    machine.checkedAt = world.now;
  }
  recount(world, machine);
}

function schedule(world: World, machine: Machine): void {
  machine.epoch += 1;
  const next = machine.plan[0];
  if (next !== undefined) pushTimer(world.queue, world.now + next.afterMs, machine.id, machine.epoch);
}

function release(world: World, machine: Machine): void {
  machine.lease = null;
  for (const volume of world.apps.get(machine.app)?.volumes.values() ?? []) {
    if (volume.attachedTo === machine.id) volume.attachedTo = null;
  }
}
