/**
 * The last machine goes only after a while without a single request, and only where the minimum is zero. The way back needs
 * no rule: the forecast raises a pool before its hour, and a request that reached nobody is a need now.
 */
import { partValue } from "../observation.ts";
import { MINUTE_MS, SECOND_MS } from "../time.ts";
import { peakBetween } from "../traffic.ts";
import type { Constraint } from "./constraint.ts";

export const zero: Constraint = {
  name: "zero",
  limit: ({ policy, samples, now }, { from, to }) => {
    if (to > 0 || from === 0 || policy.minWorkers > 0 || policy.zeroAfterSeconds === 0) return null;
    const series = partValue(samples);
    const waitMs = policy.zeroAfterSeconds * SECOND_MS;
    const peak = series && peakBetween(series, now - waitMs, now);
    if (peak === 0 && series!.start <= now - waitMs) return null;
    const minutes = Math.round(waitMs / MINUTE_MS);
    const why =
      peak === null || peak === 0
        ? "nobody looked for so long"
        : `${Math.round(peak)} requests a minute came`;
    return { low: 1, why: `the last machine stays for ${minutes} minutes without requests; ${why}` };
  },
};
