/** Never outside the owner's min and max of started machines. */
import { type Constraint, clamp } from "./constraint.ts";

export const bounds: Constraint = {
  name: "bounds",
  apply: ({ to }, { policy }) => {
    const bounded = clamp(to, policy.minWorkers, policy.maxWorkers);
    if (bounded === to) return null;
    const bound = bounded > to ? `minimum of ${policy.minWorkers}` : `maximum of ${policy.maxWorkers}`;
    return { to: bounded, why: `the pool's ${bound}` };
  },
};
