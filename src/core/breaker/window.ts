/**
 * The calls that a breaker judges by: the last so many, none too old. A call is two bits and a time, so that twenty of
 * them fit in a few hundred bytes of a store.
 *
 * The trap is a clock that went back: a call from the future is of now, not one that never ages.
 */
import type { Instant } from "../time.ts";
import type { BreakerRules } from "./rules.ts";

export const FAILED = 1;
export const SLOW = 2;

/** [when, FAILED | SLOW], oldest first. */
export type Call = readonly [at: Instant, bits: number];
export type Window = readonly Call[];

export function addCall(window: Window, call: Call, rules: BreakerRules): Window {
  return recent([...window, call], call[0], rules);
}

/** What still counts at `now`. */
export function recent(window: Window, now: Instant, { windowCalls, windowMs }: BreakerRules): Window {
  return window
    .filter(([at]) => at > now - windowMs)
    .map(([at, bits]): Call => [Math.min(at, now), bits])
    .slice(-windowCalls);
}

/** Shares are null while there are too few calls to judge. */
export type Rates = {
  readonly calls: number;
  readonly failureShare: number | null;
  readonly slowShare: number | null;
};

export function ratesOf(window: Window, { minimumCalls }: BreakerRules): Rates {
  const calls = window.length;
  const share = (bit: number) =>
    calls < minimumCalls ? null : window.filter(([, bits]) => (bits & bit) !== 0).length / calls;
  return { calls, failureShare: share(FAILED), slowShare: share(SLOW) };
}
