/**
 * A breaker as JSON, on its way to a store and back. What comes back was written by some version of flyahead, or by nobody we
 * know: what is not understood is no breaker, and a closed one takes its place.
 */
import type { Breaker } from "./breaker.ts";

const VERSION = 1;

export type BreakerDocument = Breaker & { readonly v: number };

export function writeBreaker(breaker: Breaker): BreakerDocument {
  return { v: VERSION, ...breaker };
}

const NUMBERS = ["since", "openings", "streak", "goodProbes", "denials", "orderId"] as const;
const MODES: readonly unknown[] = [
  "CLOSED",
  "OPEN",
  "HALF_OPEN",
  "FORCED_OPEN",
  "METRICS_ONLY",
  "DISABLED",
] satisfies Breaker["mode"][];
const TOTALS = ["success", "failure", "limited", "denied", "ignored", "slow", "refused"] as const;

/** null where it is none. */
export function readBreaker(value: unknown): Breaker | null {
  if (!isRecord(value) || value.v !== VERSION || !MODES.includes(value.mode)) return null;
  if (!NUMBERS.every((name) => Number.isFinite(value[name]))) return null;
  if (value.until !== null && !Number.isFinite(value.until)) return null;
  if (value.cause !== null && typeof value.cause !== "string") return null;
  const { totals, window } = value;
  if (!isRecord(totals) || !TOTALS.every((name) => Number.isFinite(totals[name]))) return null;
  if (!Array.isArray(window) || !window.every(isCall)) return null;
  const { v: _, ...breaker } = value;
  return breaker as unknown as Breaker;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCall(call: unknown): boolean {
  return Array.isArray(call) && call.length === 2 && call.every(Number.isFinite);
}
