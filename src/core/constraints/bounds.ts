/** The owner's minimum and maximum of started machines. */
import type { Constraint } from "./constraint.ts";

export const bounds: Constraint = {
  name: "bounds",
  limit: ({ policy: { minWorkers, maxWorkers } }) => {
    return { low: minWorkers, high: maxWorkers, why: `the pool's bounds are ${minWorkers} to ${maxWorkers}` };
  },
};
