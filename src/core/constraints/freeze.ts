/** A frozen pool is left as it is until the freeze ends. */
import { formatInstant } from "../time.ts";
import type { Constraint } from "./constraint.ts";

export const freeze: Constraint = {
  name: "freeze",
  limit: ({ policy, now }, { from }) => {
    if (policy.frozenUntil === null || policy.frozenUntil <= now) return null;
    return { low: from, high: from, why: `frozen until ${formatInstant(policy.frozenUntil)}` };
  },
};
