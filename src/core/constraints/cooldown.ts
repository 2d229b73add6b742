/** After a change, nothing is shrunk for the cooldown: let it show its effect first. Growing never waits. */
import type { Constraint } from "./constraint.ts";

export const cooldown: Constraint = {
  name: "cooldown",
  limit: ({ lastChangeAt, policy, now }, from) => {
    if (lastChangeAt === null) return null;
    const agoSeconds = Math.round((now - lastChangeAt) / 1_000);
    const waitSeconds = policy.cooldownSeconds - agoSeconds;
    if (waitSeconds <= 0) return null;
    return { low: from, why: `changed ${agoSeconds} s ago, shrinks again in ${waitSeconds} s` };
  },
};
