/**
 * What the end of a call does to a breaker. A bad call opens it where there are too many of them, a word from the other side
 * opens it for as long as it says, refused credentials open it for good; probes decide a half-open one.
 *
 * The trap is the good call that completes the minimum volume: only a bad one may open.
 */

import type { Instant } from "../time.ts";
import type { Breaker, Cause, ResultEvent } from "./breaker.ts";
import type { BreakerRules } from "./rules.ts";
import { addCall, FAILED, ratesOf, SLOW } from "./window.ts";

/** Totals hold every result, whatever the mode. */
function counted(breaker: Breaker, { result, durationMs }: ResultEvent, { slowMs }: BreakerRules): Breaker {
  const totals = { ...breaker.totals, [result]: breaker.totals[result] + 1 };
  return { ...breaker, totals: durationMs >= slowMs ? { ...totals, slow: totals.slow + 1 } : totals };
}

/** The breaker after a call has ended. */
export function settle(before: Breaker, event: ResultEvent, rules: BreakerRules): Breaker {
  const breaker = counted(before, event, rules);
  const { mode } = breaker;
  if (mode === "HALF_OPEN" && event.opening === breaker.openings) return probed(breaker, event, rules);
  if (mode !== "CLOSED" && mode !== "METRICS_ONLY") return breaker;
  const told = withDenials(breaker, event);
  if (event.result === "ignored") return told;
  if (event.result === "denied") {
    return told.denials >= rules.deniedLimit ? opened(told, event, "denied", rules) : told;
  }
  const next = { ...told, window: addCall(told.window, [event.at, bitsOf(event, rules)], rules) };
  const cause = causeToOpen(next, event, rules);
  return cause === null ? next : opened(next, event, cause, rules);
}

/** Only a bad call opens: a good one that completes the minimum volume is no reason. */
function causeToOpen({ window }: Breaker, event: ResultEvent, rules: BreakerRules): Cause | null {
  if (event.result === "limited" && event.retryAfterMs !== null) return "retryAfter";
  const bits = bitsOf(event, rules);
  const { failureShare, slowShare } = ratesOf(window, rules);
  if ((bits & FAILED) !== 0 && failureShare !== null && failureShare > rules.failureShare) return "failures";
  if ((bits & SLOW) !== 0 && slowShare !== null && slowShare > rules.slowShare) return "slowness";
  return null;
}

/** A slow probe is a bad one: nothing has become better. */
function probed(breaker: Breaker, event: ResultEvent, rules: BreakerRules): Breaker {
  const told = withDenials(breaker, event);
  const bits = bitsOf(event, rules);
  if (event.result === "denied" && told.denials >= rules.deniedLimit)
    return opened(told, event, "denied", rules);
  if (event.result === "limited" && event.retryAfterMs !== null)
    return opened(told, event, "retryAfter", rules);
  if (bits !== 0) return opened(told, event, (bits & FAILED) !== 0 ? "failures" : "slowness", rules);
  const goodProbes = told.goodProbes + 1;
  if (goodProbes < rules.probes) return { ...told, goodProbes };
  return { ...told, ...closed(event.at), denials: told.denials, window: [[event.at, 0]] };
}

function opened(breaker: Breaker, event: ResultEvent, cause: Cause, rules: BreakerRules): Breaker {
  if (breaker.mode === "METRICS_ONLY") return breaker;
  const streak = cause === "retryAfter" ? breaker.streak : breaker.streak + 1;
  const openMs = {
    failures: () => openTimeMs(streak, event.chance, rules),
    slowness: () => openTimeMs(streak, event.chance, rules),
    retryAfter: () => Math.min(event.retryAfterMs ?? 0, rules.retryAfterCapMs),
    denied: () => null,
    order: () => null,
  }[cause]();
  return {
    ...breaker,
    mode: "OPEN",
    cause,
    since: event.at,
    until: openMs === null ? null : event.at + openMs,
    openings: breaker.openings + 1,
    streak,
    goodProbes: 0,
  };
}

/** Doubles with each opening in a row up to the cap; jittered over its upper half, so that isolates do not come back together. */
export function openTimeMs(streak: number, chance: number, { openMs, openCapMs }: BreakerRules): number {
  const longest = Math.min(openCapMs, openMs * 2 ** Math.min(streak - 1, 40));
  return Math.round(longest * (0.5 + chance / 2));
}

function bitsOf({ result, durationMs }: ResultEvent, { slowMs }: BreakerRules): number {
  const failed = result === "failure" || result === "limited";
  return (failed ? FAILED : 0) | (durationMs >= slowMs ? SLOW : 0);
}

/** Any answer that is no refusal of our credentials proves them. A failure proves nothing. */
function withDenials(breaker: Breaker, { result }: ResultEvent): Breaker {
  if (result === "failure") return breaker;
  return { ...breaker, denials: result === "denied" ? breaker.denials + 1 : 0 };
}

/** CLOSED, and without a memory; what counts for ever is not in it. */
export function closed(at: Instant) {
  return {
    mode: "CLOSED",
    cause: null,
    since: at,
    until: null,
    streak: 0,
    goodProbes: 0,
    denials: 0,
    window: [],
  } as const;
}
