/**
 * A person who started or stopped a machine knew something. The pool is kept as they left it until the override
 * expires, within the bounds, which were also set by a person and are meant to last.
 */
import { formatInstant } from "../time.ts";
import { type Constraint, clamp } from "./constraint.ts";

export const manualOverride: Constraint = {
  name: "manual override",
  apply: ({ to }, { override, policy, now }) => {
    if (override === null || override.until <= now) return null;
    const kept = clamp(override.workers, policy.minWorkers, policy.maxWorkers);
    if (kept === to) return null;
    return { to: kept, why: `${override.what}; respected until ${formatInstant(override.until)}` };
  },
};
