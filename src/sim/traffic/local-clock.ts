/**
 * What a clock on the wall shows in a region. People follow that clock, so daily shapes hang on it and not on UTC.
 *
 * Intl knows every daylight-saving rule but takes microseconds a question. The offset from UTC is therefore kept for
 * a quarter of an hour, the finest grid on which zones change (Lord Howe Island shifts at half past a UTC hour).
 */
import { DAY_MS, type Instant, MINUTE_MS } from "../../core/time.ts";

export type LocalTime = {
  /** 0 to 1439. */
  readonly minuteOfDay: number;
  /** 0 is Sunday. */
  readonly weekday: number;
};

const OFFSET_KEPT_MS = 15 * MINUTE_MS;

/** Makes the wall clock of an IANA time zone. Throws RangeError for a zone that this runtime does not know. */
export function localClock(timeZone: string): (instant: Instant) => LocalTime {
  const offsetAt = zoneOffset(timeZone);
  return (instant) => {
    const local = instant + offsetAt(instant);
    const day = Math.floor(local / DAY_MS);
    return {
      minuteOfDay: Math.floor((local - day * DAY_MS) / MINUTE_MS),
      weekday: (((day + 4) % 7) + 7) % 7,
    };
  };
}

/** Makes the function from an instant to the zone's offset in ms, east of UTC positive. Throws like {@link localClock}. */
export function zoneOffset(timeZone: string): (instant: Instant) => number {
  const format = formatFor(timeZone);
  const kept = new Map<number, number>();
  return (instant) => {
    const quarter = Math.floor(instant / OFFSET_KEPT_MS);
    const known = kept.get(quarter);
    if (known !== undefined) return known;
    const offset = readOffset(format, quarter * OFFSET_KEPT_MS);
    kept.set(quarter, offset);
    return offset;
  };
}

function readOffset(format: Intl.DateTimeFormat, instant: Instant): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const two = "2-digit";
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
  } catch (cause) {
    throw new RangeError(
      `Cannot read the clock of time zone "${timeZone}": this runtime does not know it. Use an IANA name such as Europe/Berlin.`,
      { cause },
    );
  }
}
