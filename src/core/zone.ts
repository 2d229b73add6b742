/**
 * Seasons live in local time: a shop in Berlin opens at 9 o'clock there, in summer and in winter.
 *
 * The trap: Intl is slow (microseconds a call), and offsets change only on the quarter hour. So the offset is asked
 * once per zone and day, on a day of change once per quarter hour, and remembered. History is never indexed by wall time itself: on a day of 25 hours one
 * wall hour happens twice, on a day of 23 hours one never does. An instant maps to a wall time, never the other way.
 */
import { DAY_MS, floorTo, type Instant, MINUTE_MS, WEEK_MS } from "./time.ts";

const QUARTER_MS = 15 * MINUTE_MS;
/** 1970-01-01 was a Thursday; weeks here begin on Monday. */
const EPOCH_TO_MONDAY_MS = 3 * DAY_MS;
const REMEMBERED_OFFSETS = 20_000;

const formatters = new Map<string, Intl.DateTimeFormat>();
/** By number of the day and of the quarter hour since 1970; NaN is a day on which the clock changes. */
type Offsets = { readonly ofDay: Map<number, number>; readonly ofQuarter: Map<number, number> };
const offsets = new Map<string, Offsets>();

/**
 * Local time minus UTC at `instant`, in milliseconds.
 * @throws RangeError where `zone` is no IANA time zone.
 */
export function zoneOffsetMs(zone: string, instant: Instant): number {
  if (zone === "UTC") return 0;
  const known = offsetsOf(zone);
  const day = Math.floor(instant / DAY_MS);
  const offset = known.ofDay.get(day) ?? askDay(zone, known, day);
  return Number.isNaN(offset) ? ofQuarter(zone, known, Math.floor(instant / QUARTER_MS)) : offset;
}

/** A day of UTC that begins and ends with one offset has no other: no zone changes its clock there and back in a day. */
function askDay(zone: string, { ofDay }: Offsets, day: number): number {
  const begin = askIntl(zone, day * DAY_MS);
  const offset = begin === askIntl(zone, (day + 1) * DAY_MS - QUARTER_MS) ? begin : Number.NaN;
  remember(ofDay, day, offset);
  return offset;
}

function ofQuarter(zone: string, { ofQuarter: known }: Offsets, quarter: number): number {
  const offset = known.get(quarter) ?? askIntl(zone, quarter * QUARTER_MS);
  remember(known, quarter, offset);
  return offset;
}

function remember(offsets: Map<number, number>, key: number, offset: number): void {
  if (offsets.size >= REMEMBERED_OFFSETS) offsets.clear();
  offsets.set(key, offset);
}

function offsetsOf(zone: string): Offsets {
  const known = offsets.get(zone) ?? { ofDay: new Map(), ofQuarter: new Map() };
  offsets.set(zone, known);
  return known;
}

/** Milliseconds since Monday 00:00 local time, in [0, one week). */
export function timeOfWeekMs(zone: string, instant: Instant): number {
  const local = instant + zoneOffsetMs(zone, instant) + EPOCH_TO_MONDAY_MS;
  return local - floorTo(local, WEEK_MS);
}

/** True where Intl knows the zone. */
export function isTimeZone(zone: string): boolean {
  try {
    formatterFor(zone);
    return true;
  } catch {
    return false;
  }
}

function formatterFor(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formatters.set(zone, formatter);
  return formatter;
}

function askIntl(zone: string, instant: Instant): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatterFor(zone).formatToParts(new Date(instant)))
    part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - floorTo(instant, 1_000);
}
