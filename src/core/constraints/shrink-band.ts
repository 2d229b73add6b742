/** A shrinkage by a few of many is not worth its actions: within the band the pool stays as it is. Growth has no band. */
import type { Constraint } from "./constraint.ts";

export const shrinkBand: Constraint = {
  name: "shrink band",
  limit: ({ policy }, { from, to }) => {
    const less = from - to;
    if (less <= 0 || less >= policy.shrinkBand * from) return null;
    return { low: from, why: `${less} of ${from} is less than ${Math.round(100 * policy.shrinkBand)} %` };
  },
};
