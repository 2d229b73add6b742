/**
 * Shrinking follows the recent peak, not the last minute: what was needed within the stabilisation time is kept.
 * Growing passes untouched.
 */
import { capacityModelOf, machinesFor } from "../capacity/capacity-model.ts";
import { partValue } from "../observation.ts";
import { peakBetween } from "../traffic.ts";
import type { Constraint } from "./constraint.ts";

export const stabilisation: Constraint = {
  name: "stabilisation",
  apply: ({ from, to }, { samples, policy, now }) => {
    const series = partValue(samples);
    if (to >= from || series === null) return null;
    const peak = peakBetween(series, now - policy.stabilisationSeconds * 1_000, now);
    if (peak === null) return null;
    const kept = Math.min(from, machinesFor(peak, capacityModelOf(policy)));
    if (kept <= to) return null;
    const minutes = Math.round(policy.stabilisationSeconds / 60);
    return { to: kept, why: `${Math.round(peak)} requests a minute came within the last ${minutes} minutes` };
  },
};
