/**
 * How urgent a pool is, in four words. critical: short of machines at this moment. high: will be, before machines asked for
 * at the next tick could serve. elevated: more than now are needed within the hour. normal: none of these.
 */
import type { Instant } from "./time.ts";

export const SEVERITIES = ["normal", "elevated", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export type Need = {
  readonly serving: number;
  readonly active: number;
  /** Machines for the load just measured, for the covered window, and within the hour; null where unknown. */
  readonly now: number | null;
  readonly covered: number | null;
  readonly withinHour: number | null;
};

export function severityOf({ serving, active, now, covered, withinHour }: Need): Severity {
  if ((now ?? 0) > serving) return "critical";
  if ((covered ?? 0) > active) return "high";
  return (withinHour ?? 0) > active ? "elevated" : "normal";
}

/** Machines that the busiest minute within `withinMs` of a decision needs, at the decision's quantile. */
export type Foreseen = { readonly withinMs: number; readonly load: number; readonly machines: number };

/** The peak foreseen until an instant, in requests a minute: what step 4 hands to step 5 for each horizon. */
export type PeakAhead = { readonly until: Instant; readonly load: number };
