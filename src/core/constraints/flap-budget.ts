/** A pool that changed its mind so often within a day only grows until the oldest change is a day old. */
import type { Constraint } from "./constraint.ts";

export const flapBudget: Constraint = {
  name: "flap budget",
  limit: ({ policy: { flapsPerDay }, tally }, { from }) => {
    const changes = tally?.changesToday ?? null;
    if (flapsPerDay === 0 || changes === null || changes < flapsPerDay) return null;
    return {
      low: from,
      why: `the direction changed ${changes} times in 24 hours, ${flapsPerDay} are allowed`,
    };
  },
};
