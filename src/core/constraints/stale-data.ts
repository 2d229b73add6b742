/**
 * What is not known must not make a pool smaller. Without fresh samples the forecast may still raise; without a fresh
 * list of machines nothing is done at all, since nobody knows what there is to start or stop.
 */
import type { Constraint } from "./constraint.ts";

export const staleData: Constraint = {
  name: "stale data",
  apply: ({ from, to }, { machines, samples }) => {
    if (machines.status !== "fresh" && to !== from)
      return { to: from, why: `machines are ${machines.status}: ${machines.why}` };
    if (samples.status !== "fresh" && to < from)
      return { to: from, why: `samples are ${samples.status}: ${samples.why}` };
    return null;
  },
};
