/**
 * The times that exports write: ISO 8601 with an offset, with a space instead of the T, seconds or milliseconds since the
 * epoch, and local times where the zone is told once for the file.
 *
 * The trap is leniency. Date.parse takes "2026-02-30" for the 2nd of March and a time without zone for that of this very
 * computer; so the text is taken apart here, and every part has to come out again.
 */
import { type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import { instantsOf } from "./local-time.ts";

/** One instant, or the two that a wall time in autumn can be. */
export type ReadTime = { readonly instants: readonly Instant[] } | { readonly reason: string };

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;
const EPOCH = /^\d+(\.\d+)?(e\+?\d+)?$/i;
/** Shorter numbers are something else: 20260329 is a day, and nobody had traffic in 1973. */
const LEAST_SECONDS = 1e8;
/** In seconds the year 5138, in milliseconds 1973. */
const LEAST_MS = 1e11;

export function readTime(text: string, zone: string | null): ReadTime {
  if (text === "") return { reason: "at is missing" };
  const value = EPOCH.test(text) ? Number(text) : 0;
  if (value >= LEAST_SECONDS && value < 1e15) {
    return { instants: [Math.floor(value >= LEAST_MS ? value : value * SECOND_MS)] };
  }
  const match = ISO.exec(text);
  if (match === null) return { reason: "at is no time; write it like 2026-03-29T00:15:00Z" };
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "0", offset] = match;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isDay = new Date(days).toISOString().startsWith(`${year}-${month}-${day}`);
  const isHour = Number(hour) < 24 || (hour === "24" && Number(minute) + Number(second) === 0);
  if (!isDay || !isHour || Number(minute) > 59 || Number(second) > 59)
    return { reason: "at is a day or an hour that does not exist" };
  const inDay = (Number(hour) * 60 + Number(minute)) * MINUTE_MS + Number(second) * SECOND_MS;
  const wall = days + inDay + Math.floor(Number(`0.${fraction}`) * SECOND_MS);
  if (offset !== undefined) return { instants: [wall - offsetMs(offset)] };
  if (zone === null)
    return { reason: "at does not tell its time zone; give --time-zone, or write an offset" };
  const instants = instantsOf(zone, wall);
  if (instants.length > 0) return { instants };
  return { reason: `at does not exist in ${zone}: clocks were put forward over it` };
}

function offsetMs(text: string): number {
  if (/^(z|utc)$/i.test(text)) return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(":", "") || 0);
  return (text.startsWith("-") ? -minutes : minutes) * MINUTE_MS;
}
