/** A frozen pool is left as it is until the freeze ends. */
import { formatInstant } from "../time.ts";
import type { Constraint } from "./constraint.ts";

export const freeze: Constraint = {
  name: "freeze",
  apply: ({ from, to }, { policy, now }) => {
    if (policy.frozenUntil === null || policy.frozenUntil <= now || to === from) return null;
    return { to: from, why: `frozen until ${formatInstant(policy.frozenUntil)}` };
  },
};
