/**
 * How far was pulled, as arithmetic: from where the next pull asks, and what the books say after it.
 *
 * The trap is an outage of our own. After more than six hours only the newest six are pulled at once; what lies between
 * is history that is wanted again, and the backfill fetches it.
 */
import { floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../core/time.ts";
import type { PullProgress } from "../ports.ts";

const FIRST_SPAN_MS = HOUR_MS;
const LONGEST_SPAN_MS = 6 * HOUR_MS;
const OVERLAP_MS = 10 * MINUTE_MS;

/** Start of the next pull: some minutes before the end of the last one, since scrapes come late. */
export function liveFrom(before: PullProgress | null, until: Instant, binMs: number): Instant {
  if (before === null) return until - FIRST_SPAN_MS;
  const since = Math.min(before.liveUntil, until) - OVERLAP_MS;
  return floorTo(Math.max(since, until - LONGEST_SPAN_MS), binMs);
}

/** The progress after a live pull from `from` on: joined to what was there, or, after a long silence, a new beginning. */
export function advanced(
  app: string,
  before: PullProgress | null,
  from: Instant,
  liveUntil: Instant,
  oldest: Instant,
): PullProgress {
  if (before === null)
    return { app, wantedFrom: Math.min(oldest, from), filledFrom: from, liveUntil, finishedAt: null };
  if (from <= before.liveUntil)
    return { ...before, filledFrom: Math.min(before.filledFrom, from), liveUntil };
  const wantedFrom = before.finishedAt === null ? before.wantedFrom : before.liveUntil - OVERLAP_MS;
  return { app, wantedFrom, filledFrom: from, liveUntil, finishedAt: null };
}
