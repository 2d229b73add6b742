/** After a change, nothing is shrunk for the cooldown: let it show its effect first. Growing never waits. */
import type { Constraint } from "./constraint.ts";

export const cooldown: Constraint = {
  name: "cooldown",
  apply: ({ from, to }, { lastChangeAt, policy, now }) => {
    if (to >= from || lastChangeAt === null) return null;
    const waitMs = lastChangeAt + policy.cooldownSeconds * 1_000 - now;
    if (waitMs <= 0) return null;
    return {
      to: from,
      why: `changed ${Math.round((now - lastChangeAt) / 1_000)} s ago, shrinks again in ${Math.ceil(waitMs / 1_000)} s`,
    };
  },
};
