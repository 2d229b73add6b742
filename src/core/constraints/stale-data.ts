/** What is not known must not make a pool smaller: without fresh samples the forecast may still raise, never lower. */
import type { Constraint } from "./constraint.ts";

export const staleData: Constraint = {
  name: "stale data",
  limit: ({ samples }, from) => {
    if (samples.status === "fresh") return null;
    return { low: from, why: `samples are ${samples.status}: ${samples.why}` };
  },
};
