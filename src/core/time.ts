/**
 * Instants are numbers: milliseconds since the epoch, UTC. Pure code is handed `now`; nothing in core reads a clock.
 */
export type Instant = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

/** The grid time at or before `instant`, on a grid of `widthMs` counted from the epoch. */
export function floorTo(instant: Instant, widthMs: number): Instant {
  return Math.floor(instant / widthMs) * widthMs;
}

/** ISO 8601 in UTC without needless milliseconds: 2026-11-21T00:15:00Z. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}
