/** Without a fresh list of machines nothing is done: nobody knows what there is to start or stop. */
import type { Constraint } from "./constraint.ts";

export const unknownMachines: Constraint = {
  name: "unknown machines",
  limit: ({ machines }, { from }) => {
    if (machines.status === "fresh") return null;
    return { low: from, high: from, why: `the list of machines is ${machines.status}: ${machines.why}` };
  },
};
