/**
 * Which minutes are sent, and how fast. A sample tells of a minute that is over, so on a real clock nothing can be sent
 * ahead of it: "faster than live" there means the past, sent up to now. A simulated clock can be moved along.
 */
import { DAY_MS, floorTo, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { UserError } from "../user-error.ts";

export type Span = {
  readonly from: Instant;
  readonly minutes: number;
  /** Minutes of traffic sent in a real minute; Infinity: as fast as answered. */
  readonly speed: number;
};
type Asked = {
  readonly from: Instant | null;
  readonly minutes: number | null;
  readonly backfillMinutes: number | null;
  readonly speed: number | null;
};
type World = {
  readonly now: Instant;
  readonly simulated: boolean;
  /** All that there is to send; null: as much as is asked for. */
  readonly traceMinutes: number | null;
};

const DAY_MINUTES = DAY_MS / MINUTE_MS;
const MAX = Number.POSITIVE_INFINITY;

/** @throws UserError where the span lies ahead of a real clock. */
export function spanOf(asked: Asked, { now, simulated, traceMinutes }: World): Span {
  const thisMinute = floorTo(now, MINUTE_MS);
  if (asked.backfillMinutes !== null) {
    const minutes = asked.backfillMinutes;
    return { from: thisMinute - minutes * MINUTE_MS, minutes, speed: asked.speed ?? MAX };
  }
  if (asked.from !== null) {
    const { from } = asked;
    if (!simulated && from > now)
      throw new UserError(`--from ${formatInstant(from)} is in the future; it is ${formatInstant(now)} now`);
    const upToNow = (thisMinute - from) / MINUTE_MS;
    const minutes = asked.minutes ?? traceMinutes ?? (upToNow > 0 ? upToNow : DAY_MINUTES);
    return { from, minutes, speed: asked.speed ?? (minutes <= upToNow ? MAX : 1) };
  }
  const minutes = asked.minutes ?? traceMinutes ?? DAY_MINUTES;
  const speed = asked.speed ?? 1;
  if (simulated) return { from: thisMinute, minutes, speed };
  // Live: the minute that has just ended goes at once, and each one after it as it ends. The clock alone sets the pace.
  if (speed === 1) return { from: thisMinute - MINUTE_MS, minutes, speed: MAX };
  return { from: thisMinute - minutes * MINUTE_MS, minutes, speed };
}
