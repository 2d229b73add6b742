/**
 * Where a new machine finds room, and whether a stopped one gets its room back.
 *
 * A region holds so many machines that are not stopped (`capacity`). A create moves on through the regions that the caller
 * listed; a start cannot move, its disk is on one host. So one and the same shortage reads 422 on create, 412 on create
 * with a volume, and 409 on start.
 */

import type { Reply } from "./call.ts";
import { PLACING, strike } from "./faults.ts";
import { expandRegions, regionRefusal } from "./regions.ts";
import { badRequest, CAPACITY, refuse } from "./reply.ts";
import type { Machine, World } from "./world.ts";

export type Placement = { region: string } | { refusal: Reply };

/** Chooses among `wanted` ("iad", "lhr,eu", "any"). */
export function placeNew(
  world: World,
  order: { app: string; wanted: string; hasVolume: boolean; needsRoom: boolean },
): Placement {
  const codes = expandRegions(order.wanted);
  if (codes.length === 0) return { refusal: badRequest("region is required") };
  let refusal: Reply | null = null;
  for (const region of codes) {
    const closed = regionRefusal(world, region);
    const problem = closed === null ? noRoom(world, order, region) : refuse(400, closed);
    if (problem === null) return { region };
    refusal ??= problem;
  }
  return { refusal: refusal ?? CAPACITY.region(order.wanted) };
}

/** Why the machine cannot have its CPU and memory back; null when it can, or still has them. */
export function roomToStart(world: World, machine: Machine): Reply | null {
  if (machine.counted?.reserved) return null;
  const site = { action: "start", app: machine.app, region: machine.region };
  const isStruck = strike(world.faults, PLACING, site, world.now) !== null;
  return isStruck || !hasRoom(world, machine.region) ? CAPACITY.host() : null;
}

function noRoom(
  world: World,
  order: { app: string; hasVolume: boolean; needsRoom: boolean },
  region: string,
): Reply | null {
  const site = { action: "create", app: order.app, region };
  const fault = strike(world.faults, PLACING, site, world.now);
  const isFull = fault?.kind === "noCapacity" || (order.needsRoom && !hasRoom(world, region));
  if (isFull) return order.hasVolume ? CAPACITY.volume() : CAPACITY.region(region);
  return fault === null ? null : CAPACITY.host();
}

function hasRoom(world: World, region: string): boolean {
  const most = world.settings.capacity[region] ?? Number.POSITIVE_INFINITY;
  return (world.reserved.get(region) ?? 0) < most;
}
