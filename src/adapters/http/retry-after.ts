/**
 * Retry-After is seconds or a date. A date is measured against the answer's own Date header first: then it does not
 * matter that two clocks disagree.
 */
import type { Instant } from "../../core/time.ts";
import { SECOND_MS } from "../../core/time.ts";

/**
 * Milliseconds to wait, or null where the answer does not say.
 * @param now is asked only for a date in an answer without a Date header
 */
export function readRetryAfterMs(headers: Headers, now: (() => Instant) | null): number | null {
  const value = headers.get("retry-after")?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * SECOND_MS);
  const until = Date.parse(value);
  const sentAt = Date.parse(headers.get("date") ?? "");
  const from = Number.isNaN(sentAt) ? now?.() : sentAt;
  return Number.isNaN(until) || from === undefined ? null : Math.max(0, until - from);
}
