/**
 * Making machines, and the six verbs that change one.
 *
 * A verb is judged by the state table, then finds room if it needs some, then sets the first state and the plan. The API
 * and a person's hand go through the same door (`perform`); only leases and rate limits are the API's own, and they
 * were checked before.
 */

import type { Reply } from "./call.ts";
import { hexId, machineName, privateIp, ulid } from "./ids.ts";
import { addEvent, enter, note } from "./life.ts";
import type { MachineConfig } from "./options.ts";
import { roomToStart } from "./placement.ts";
import { bootPlan, destroyPlan, restPlan, updatePlan } from "./plans.ts";
import { refuse } from "./reply.ts";
import { judge, type MachineState, type Verb } from "./states.ts";
import type { App, By, Machine, Step, World } from "./world.ts";

export type Actor = { by: By; requestId: string | null };

export type VerbOptions = { force?: boolean; skipLaunch?: boolean; config?: MachineConfig };

export type Performed = { previous: MachineState; changed: boolean } | { refusal: Reply };

/** A machine that is registered but in no state of its own yet; the caller enters the first one. */
export function newMachine(
  world: World,
  app: App,
  made: { name?: string; region: string; config: MachineConfig; listedAt: number },
): Machine {
  const { ids } = world.random;
  const machine: Machine = {
    id: hexId(ids, 14),
    app: app.name,
    name: made.name ?? machineName(ids),
    region: made.region,
    state: "created",
    instanceId: ulid(world),
    config: made.config,
    privateIp: privateIp(ids),
    createdAt: world.now,
    updatedAt: world.now,
    listedAt: made.listedAt,
    ready: false,
    checkedAt: world.now,
    cordoned: false,
    events: [],
    plan: [],
    epoch: 0,
    boots: 0,
    lease: null,
    counted: null,
  };
  app.machines.set(machine.id, machine);
  world.machines.set(machine.id, machine);
  return machine;
}

/** Does `verb`, or says in Fly's words why not. */
export function perform(
  world: World,
  machine: Machine,
  verb: Verb,
  actor: Actor,
  options: VerbOptions = {},
): Performed {
  const previous = machine.state;
  const verdict = judge(verb, previous, options.force);
  if (verdict === "already") return { previous, changed: false };
  if (verdict !== "go") return { refusal: refuse(412, verdict.refused) };
  const full = verb === "start" ? roomToStart(world, machine) : null;
  if (full !== null) return { refusal: full };
  const { state, plan } = opening(world, machine, verb, options);
  if (options.config !== undefined) machine.config = options.config;
  if (verb === "update") machine.instanceId = ulid(world);
  enter(world, machine, state, plan);
  addEvent(world, machine, { type: verb, source: "user" });
  note(world, machine, { action: verb, from: previous, ...actor });
  return { previous, changed: true };
}

/** The state that a verb sets at once, and what follows. Read before the state changes: a resume is a quicker boot. */
function opening(
  world: World,
  machine: Machine,
  verb: Verb,
  options: VerbOptions,
): { state: MachineState; plan: Step[] } {
  switch (verb) {
    case "start":
      return { state: "starting", plan: bootPlan(world, machine, verb) };
    case "stop":
      return { state: "stopping", plan: restPlan(world, machine, "stopped") };
    case "suspend":
      return { state: "suspending", plan: restPlan(world, machine, "suspended") };
    case "restart":
      return { state: "restarting", plan: bootPlan(world, machine, verb) };
    case "update":
      return { state: "replacing", plan: updatePlan(world, machine, options.skipLaunch ?? false) };
    case "destroy":
      return { state: "destroying", plan: destroyPlan(world, machine) };
  }
}
