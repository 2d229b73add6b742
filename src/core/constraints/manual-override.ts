/** A person who started or stopped a machine knew something: the pool is kept as they left it until the override expires. */
import { formatInstant } from "../time.ts";
import type { Constraint } from "./constraint.ts";

export const manualOverride: Constraint = {
  name: "manual override",
  limit: ({ override, now }) => {
    if (override === null || override.until <= now) return null;
    const why = `${override.what}; respected until ${formatInstant(override.until)}`;
    return { low: override.workers, high: override.workers, why };
  },
};
