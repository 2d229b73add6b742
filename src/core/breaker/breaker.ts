/**
 * A circuit breaker as a pure reducer: what is known to fail is left alone for a while, then tried with care.
 *
 *                 too many failed or slow; 429 with Retry-After
 *      ┌────────┐ ────────────────────────────────────────────▶ ┌──────┐
 *      │ CLOSED │                                                │ OPEN │ ◀─┐ a probe failed: twice as long
 *      └────────┘ ◀── all probes good ── ┌───────────┐ ◀─ time ─ └──────┘   │
 *                                        │ HALF_OPEN │ ─────────────────────┘
 *                                        └───────────┘
 *      401 or 403, deniedLimit times in a row: OPEN without end, until a person resets it.
 *      By order, from anywhere: FORCED_OPEN (nothing passes), METRICS_ONLY (all passes and is counted), DISABLED (all passes);
 *      a reset leads back to CLOSED.
 *
 * Events can be applied again to a newer breaker: that is how two isolates that counted at the same time come together. So a
 * result says for which opening it was a probe, and one that comes late changes nothing but the totals.
 */
import type { Instant } from "../time.ts";
import type { BreakerRules } from "./rules.ts";
import { closed, settle } from "./settle.ts";
import type { Window } from "./window.ts";

export type Mode = "CLOSED" | "OPEN" | "HALF_OPEN" | "FORCED_OPEN" | "METRICS_ONLY" | "DISABLED";
/** ignored: the other side answered, and what it said is no sign of its health (a 404, a refused write). */
export type Result = "success" | "failure" | "limited" | "denied" | "ignored";
/** What a call's end says of the other side; retryAfterMs only where that side told it. */
export type Verdict = { readonly result: Result; readonly retryAfterMs: number | null };
export type Cause = "failures" | "slowness" | "retryAfter" | "denied" | "order";
export type Order = "reset" | "forceOpen" | "measureOnly" | "disable";

export type Totals = { readonly [result in Result]: number } & {
  readonly slow: number;
  readonly refused: number;
};

export type Breaker = {
  readonly mode: Mode;
  /** Why it is not CLOSED. */
  readonly cause: Cause | null;
  /** Since when it is in this mode. */
  readonly since: Instant;
  /** End of OPEN; null: none, or not without a person. */
  readonly until: Instant | null;
  /** Ever. It names an opening, and so the probes of it. */
  readonly openings: number;
  /** In a row, without having been CLOSED: they double the time. */
  readonly streak: number;
  readonly goodProbes: number;
  /** 401 and 403 in a row. */
  readonly denials: number;
  readonly window: Window;
  readonly totals: Totals;
  /** The last order that was carried out. */
  readonly orderId: number;
};

export type BreakerEvent =
  /** A permit was given for this opening. */
  | { readonly type: "probe"; readonly at: Instant; readonly opening: number }
  | ({
      readonly type: "result";
      readonly at: Instant;
      readonly durationMs: number;
      /** The opening that the call was a probe of; null: it was none. */
      readonly opening: number | null;
      /** In [0, 1), for the jitter. */
      readonly chance: number;
    } & Verdict)
  | { readonly type: "refusal"; readonly at: Instant }
  | { readonly type: "order"; readonly at: Instant; readonly id: number; readonly order: Order };

export type ResultEvent = Extract<BreakerEvent, { type: "result" }>;

const NO_CALLS: Totals = { success: 0, failure: 0, limited: 0, denied: 0, ignored: 0, slow: 0, refused: 0 };

export function closedBreaker(now: Instant): Breaker {
  return { ...closed(now), openings: 0, totals: NO_CALLS, orderId: 0 };
}

/** May a call go out? "probe": only with one of the opening's permits. Refused calls are told when to ask again, if ever. */
export type Admission = "pass" | "probe" | { readonly retryAt: Instant | null };

export function admit({ mode, until }: Breaker, now: Instant): Admission {
  if (mode === "FORCED_OPEN") return { retryAt: null };
  if (mode === "OPEN") return until !== null && now >= until ? "probe" : { retryAt: until };
  return mode === "HALF_OPEN" ? "probe" : "pass";
}

export function reduce(breaker: Breaker, event: BreakerEvent, rules: BreakerRules): Breaker {
  switch (event.type) {
    case "probe":
      if (breaker.mode !== "OPEN" || event.opening !== breaker.openings) return breaker;
      return { ...breaker, mode: "HALF_OPEN", since: event.at, until: null, goodProbes: 0 };
    case "refusal":
      return { ...breaker, totals: { ...breaker.totals, refused: breaker.totals.refused + 1 } };
    case "order":
      return event.id <= breaker.orderId ? breaker : carryOut(breaker, event);
    case "result":
      return breaker.mode === "DISABLED" ? breaker : settle(breaker, event, rules);
  }
}

const MODE_OF_ORDER = { forceOpen: "FORCED_OPEN", measureOnly: "METRICS_ONLY", disable: "DISABLED" } as const;

function carryOut(breaker: Breaker, { at, id, order }: Extract<BreakerEvent, { type: "order" }>): Breaker {
  const fresh = { ...breaker, ...closed(at), orderId: id };
  return order === "reset" ? fresh : { ...fresh, mode: MODE_OF_ORDER[order], cause: "order" };
}
