/** The pinned machine is never stopped; a pool in which it runs therefore never goes to zero. */
import { isActive } from "../fleet.ts";
import { partValue } from "../observation.ts";
import type { Constraint } from "./constraint.ts";

export const pinnedPrimary: Constraint = {
  name: "pinned primary",
  limit: ({ policy, machines }) => {
    const pinned = partValue(machines)?.find((machine) => machine.id === policy.pinnedMachineId);
    if (pinned === undefined || !isActive(pinned)) return null;
    return { low: 1, why: `machine ${pinned.id} is pinned and stays` };
  },
};
