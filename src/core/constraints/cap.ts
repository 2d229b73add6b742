/**
 * Growth ends at a multiple of what is normal, against loads that are a mistake: a loop in a client, a counter that jumped.
 * Normal is what the median minute of the past week needs: half of all minutes would have to lie for it to move far. It never
 * shrinks a pool: what runs already was not its doing.
 *
 * The trap: a pool that sleeps by day and works by night has a low median. The multiple must reach over its daily peak.
 */
import type { Constraint } from "./constraint.ts";

export const cap: Constraint = {
  name: "cap",
  limit: ({ policy }, { from, normalWorkers }) => {
    if (policy.capFactor === 0 || normalWorkers === null) return null;
    const normal = Math.max(1, policy.minWorkers, normalWorkers);
    const high = Math.max(from, Math.ceil(policy.capFactor * normal));
    return { high, why: `no more than ${policy.capFactor} times the normal ${normal}` };
  },
};
