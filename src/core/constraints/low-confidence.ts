/** Whom the forecast has often misled goes one machine at a time, in both directions; what is needed now is not waited for. */
import type { Constraint } from "./constraint.ts";
import { isSure, urgentWorkers } from "./urgent.ts";

export const lowConfidence: Constraint = {
  name: "low confidence",
  limit: ({ policy }, situation) => {
    const { from, confidence } = situation;
    if (isSure(policy, confidence)) return null;
    return {
      low: Math.max(0, from - 1),
      high: Math.max(from + 1, urgentWorkers(policy, situation)),
      why: `the forecast's confidence is ${confidence}, below ${policy.lowConfidence}`,
    };
  },
};
