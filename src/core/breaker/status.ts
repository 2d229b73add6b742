/**
 * What a breaker looks like from outside: for people, views and the log. A change of mode is an event of its own, found by
 * comparing the breaker before and after, so that no transition can forget to tell.
 */
import { formatInstant, type Instant } from "../time.ts";
import type { Breaker, Cause, Mode, Totals } from "./breaker.ts";
import type { BreakerRules } from "./rules.ts";
import { type Rates, ratesOf, recent } from "./window.ts";

export type BreakerStatus = Rates & {
  readonly name: string;
  readonly mode: Mode;
  readonly cause: Cause | null;
  readonly since: Instant;
  readonly until: Instant | null;
  /** Nothing but an operator's reset closes it. */
  readonly needsPerson: boolean;
  readonly totals: Totals;
};

export function statusOf(name: string, breaker: Breaker, now: Instant, rules: BreakerRules): BreakerStatus {
  const { mode, cause, since, until, totals } = breaker;
  const needsPerson = mode === "FORCED_OPEN" || (mode === "OPEN" && until === null);
  return {
    name,
    mode,
    cause,
    since,
    until,
    needsPerson,
    totals,
    ...ratesOf(recent(breaker.window, now, rules), rules),
  };
}

export type BreakerChange = {
  readonly name: string;
  readonly from: Mode;
  readonly to: Mode;
  readonly cause: Cause | null;
  readonly at: Instant;
  readonly until: Instant | null;
};

/** The event "mode changed", or null. A half-open breaker that opens again has changed; an open one that stays so has not. */
export function changeOf(name: string, before: Breaker, after: Breaker): BreakerChange | null {
  if (before.mode === after.mode && before.openings === after.openings) return null;
  const { mode: to, cause, since: at, until } = after;
  return { name, from: before.mode, to, cause, at, until };
}

const WHY: Record<Cause, string> = {
  failures: "too many of the last calls failed",
  slowness: "too many of the last calls were slow",
  retryAfter: "we were told to wait",
  denied: "our credentials were refused again and again",
  order: "an operator ordered it",
};

/** "the breaker fly:read is OPEN since … (too many of the last calls failed), until …". */
export function describeBreaker(name: string, { mode, cause, since, until }: Breaker): string {
  const why = cause === null ? "" : ` (${WHY[cause]})`;
  const end =
    until !== null ? `, until ${formatInstant(until)}` : mode === "HALF_OPEN" ? "" : ", until it is reset";
  return `the breaker ${name} is ${mode} since ${formatInstant(since)}${why}${mode === "CLOSED" ? "" : end}`;
}
