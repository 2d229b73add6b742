/**
 * So many machines at a time, in each direction: a fixed number or a share of those there are, the greater of the two. A wrong
 * number then does its harm in parts, and the next tick may see that it was wrong. What is urgent is not cut into steps.
 */
import type { Constraint } from "./constraint.ts";
import { urgentWorkers } from "./urgent.ts";

export const steps: Constraint = {
  name: "steps",
  limit: ({ policy }, situation) => {
    const { from } = situation;
    const up = stepOf(policy.growStepWorkers, policy.growStepShare, from);
    const down = stepOf(policy.shrinkStepWorkers, policy.shrinkStepShare, from);
    if (up === null && down === null) return null;
    const said = [up === null ? [] : `${up} more`, down === null ? [] : `${down} less`].flat();
    return {
      ...(up === null ? {} : { high: Math.max(from + up, urgentWorkers(policy, situation)) }),
      ...(down === null ? {} : { low: Math.max(0, from - down) }),
      why: `at most ${said.join(" or ")} at a time`,
    };
  },
};

/** null where neither is set. */
function stepOf(workers: number, share: number, from: number): number | null {
  return workers === 0 && share === 0 ? null : Math.max(1, workers, Math.ceil(share * from));
}
