/** The pinned machine is never stopped; a pool that holds it therefore never goes to zero. */
import { isActive } from "../fleet.ts";
import { partValue } from "../observation.ts";
import type { Constraint } from "./constraint.ts";

export const pinnedPrimary: Constraint = {
  name: "pinned primary",
  apply: ({ to }, { policy, machines }) => {
    const pinned = partValue(machines)?.find((machine) => machine.id === policy.pinnedMachineId);
    if (to >= 1 || pinned === undefined || !isActive(pinned)) return null;
    return { to: 1, why: `machine ${pinned.id} is pinned and stays` };
  },
};
