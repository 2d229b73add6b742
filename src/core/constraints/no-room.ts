/**
 * Where Fly has no room for new machines, a pool grows no further than its stopped ones allow. This outranks even the
 * minimum: nobody can order what is not there.
 */
import { isResting } from "../fleet.ts";
import { sayNoRoom } from "../no-room.ts";
import { partValue } from "../observation.ts";
import { isDraining } from "../phase.ts";
import type { Constraint } from "./constraint.ts";

export const noRoom: Constraint = {
  name: "no room",
  limit: ({ fly, machines, pool }, { from }) => {
    const full = fly?.noRoom.find(({ machineId }) => machineId === null);
    if (full === undefined) return null;
    const stuck = new Set(fly?.noRoom.map(({ machineId }) => machineId));
    const ready = (partValue(machines) ?? []).filter(
      (machine) => isDraining(machine) || (isResting(machine) && !stuck.has(machine.id)),
    );
    return { high: from + ready.length, why: sayNoRoom(full, pool.region) };
  },
};
