/**
 * What happens to a world without an API call: a person at the console, an app deleted, a region closed.
 *
 * A person's stop looks in Fly's events exactly like ours (source "user"); only the log of the simulator knows the
 * difference, and an autoscaler must find out from what it did itself.
 */

import type { Reply } from "./call.ts";
import { bury, note } from "./life.ts";
import { perform } from "./machines.ts";
import { notFound, ok } from "./reply.ts";
import type { By, Machine, World } from "./world.ts";

export const PERSON_ACTIONS = ["start", "stop", "destroy"] as const;
export type PersonAction = (typeof PERSON_ACTIONS)[number];

export function personActs(world: World, appName: string, machineId: string, action: PersonAction): Reply {
  const machine = world.apps.get(appName)?.machines.get(machineId);
  if (machine === undefined) return notFound(`machine ${machineId} of app ${appName}`);
  const done = perform(world, machine, action, { by: "person", requestId: null }, { force: true });
  return "refusal" in done ? done.refusal : ok({ changed: done.changed, state: machine.state });
}

export function removeApp(world: World, name: string): boolean {
  const app = world.apps.get(name);
  if (app === undefined) return false;
  for (const machine of [...app.machines.values()]) end(world, machine, "person");
  world.apps.delete(name);
  forgetMeters(world, (meter) => meter.app === name);
  return true;
}

export function removeRegion(world: World, code: string): number {
  world.lostRegions.add(code);
  const machines = [...world.machines.values()].filter((machine) => machine.region === code);
  for (const machine of machines) end(world, machine, "fault");
  forgetMeters(world, (meter) => meter.region === code);
  return machines.length;
}

function end(world: World, machine: Machine, by: By): void {
  const from = machine.state;
  machine.state = "destroyed";
  machine.updatedAt = world.now;
  note(world, machine, { action: "destroy", from, by, requestId: null });
  bury(world, machine);
}

function forgetMeters(world: World, isGone: (meter: { app: string; region: string }) => boolean): void {
  for (const [key, meter] of world.meters) {
    if (isGone(meter)) world.meters.delete(key);
  }
}
