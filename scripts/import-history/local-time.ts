/**
 * Local times become instants. In spring an hour of wall time does not exist: such a time is refused, for nothing can
 * have been measured then. In autumn an hour comes twice, and the text of a row does not say which: the one nearer to the
 * row before it, of the same pool, counts. That is right for rows that run forwards or backwards in time.
 *
 * The trap: a row may not be given the instant of its predecessor, or hourly rows 01:00, 02:00, 02:00, 03:00 would lose one.
 */
import { DAY_MS, type Instant } from "../../src/core/time.ts";
import { zoneOffsetMs } from "../../src/core/zone.ts";

/**
 * The instants, ascending, at which clocks in `zone` show the wall time that is given as if it were UTC: none, one or two.
 */
export function instantsOf(zone: string, wall: Instant): Instant[] {
  // No zone is a day away from UTC, and none changes twice in two days.
  const offsets = new Set([zoneOffsetMs(zone, wall - DAY_MS), zoneOffsetMs(zone, wall + DAY_MS)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((instant) => instant + zoneOffsetMs(zone, instant) === wall)
    .sort((a, b) => a - b);
}

/** Which of the two instants is meant. Without a row before it, or far from it, the earlier one. */
export function nearestTo(previous: Instant | null, instants: readonly Instant[]): Instant {
  const [earlier, later] = [instants[0]!, instants.at(-1)!];
  if (previous === null || later === earlier) return earlier;
  if (previous === earlier) return later;
  if (previous === later) return earlier;
  const isNear = Math.min(Math.abs(previous - earlier), Math.abs(previous - later)) <= DAY_MS;
  return isNear && Math.abs(previous - later) < Math.abs(previous - earlier) ? later : earlier;
}
