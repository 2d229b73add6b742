/** Shrinking follows the recent peak, not the last minute: what was needed within the stabilisation time is kept. */
import { capacityModelOf, machinesFor } from "../capacity/capacity-model.ts";
import { partValue } from "../observation.ts";
import { peakBetween } from "../traffic.ts";
import type { Constraint } from "./constraint.ts";

export const stabilisation: Constraint = {
  name: "stabilisation",
  limit: ({ samples, policy, now }, { from }) => {
    const series = partValue(samples);
    const peak = series && peakBetween(series, now - policy.stabilisationSeconds * 1_000, now);
    if (peak === null) return null;
    const minutes = Math.round(policy.stabilisationSeconds / 60);
    return {
      low: Math.min(from, machinesFor(peak, capacityModelOf(policy))),
      why: `${Math.round(peak)} requests a minute came within the last ${minutes} minutes`,
    };
  },
};
