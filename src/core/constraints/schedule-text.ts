/**
 * How a timetable is written: entries separated by ";", each with days, hours on the wall and a floor, a ceiling or both.
 *
 *   mon-fri 08:00-18:00 min 4; sat,sun 10:00-16:00 min 2 max 6; daily 22:00-06:00 max 2
 *
 * Hours that end before they begin run past midnight and belong to the day they begin on. An entry is asked about a wall time,
 * never turned into instants: where the clock skips an hour what lies in it does not happen, and what spans it is an hour
 * shorter; where an hour comes twice it holds twice.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../time.ts";

export type ScheduleEntry = {
  /** As it was written. */
  readonly text: string;
  /** By day of the week, Monday first. */
  readonly days: readonly boolean[];
  /** Milliseconds after the day's midnight; `until` may lie on the next day. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly min: number | null;
  readonly max: number | null;
};

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FORM = "mon-fri 08:00-18:00 min 4";
const ENTRY = /^(\S+)\s+(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)((?:\s+(?:min|max)\s+\d{1,5}){1,2})$/;
/** Texts are few and stay the same from tick to tick. */
const REMEMBERED = 100;
const remembered = new Map<string, readonly ScheduleEntry[]>();

/**
 * Reads a timetable; an empty text has no entries.
 * @throws RangeError that names the entry, what is wrong with it and how it should look.
 */
export function parseSchedule(text: string): readonly ScheduleEntry[] {
  const known = remembered.get(text);
  if (known) return known;
  const entries = text
    .split(/[;\n]/)
    .map((part) => part.trim().replace(/\s+/g, " "))
    .filter((part) => part !== "")
    .map(parseEntry);
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(text, entries);
  return entries;
}

/** True where the text can be read. */
export function isSchedule(text: string): boolean {
  try {
    parseSchedule(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the entry holds at a wall time, in milliseconds since Monday midnight. */
export function holdsAt({ days, fromMs, untilMs }: ScheduleEntry, wallMs: number): boolean {
  return days.some((isOn, day) => {
    const since = (wallMs - day * DAY_MS - fromMs + WEEK_MS) % WEEK_MS;
    return isOn && since < untilMs - fromMs;
  });
}

function parseEntry(text: string): ScheduleEntry {
  const parts = ENTRY.exec(text.toLowerCase());
  if (parts === null) throw wrong(text, "it is not of that form");
  const [, days = "", fromHour, fromMinute, untilHour, untilMinute, wishes = ""] = parts;
  const fromMs = timeOfDay(text, fromHour, fromMinute);
  const endMs = timeOfDay(text, untilHour, untilMinute);
  if (fromMs === endMs || fromMs === DAY_MS)
    throw wrong(text, "its hours are empty; a whole day is 00:00-24:00");
  const min = wishOf(text, wishes, "min");
  const max = wishOf(text, wishes, "max");
  if (min !== null && max !== null && min > max) throw wrong(text, "its min is above its max");
  return {
    text,
    days: daysOf(text, days),
    fromMs,
    untilMs: endMs < fromMs ? endMs + DAY_MS : endMs,
    min,
    max,
  };
}

function timeOfDay(text: string, hour = "", minute = ""): number {
  const ms = Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS;
  if (Number(minute) > 59 || ms > DAY_MS) throw wrong(text, `there is no time ${hour}:${minute}`);
  return ms;
}

function wishOf(text: string, wishes: string, word: "min" | "max"): number | null {
  const found = [...wishes.matchAll(new RegExp(`${word} (\\d+)`, "g"))];
  if (found.length > 1) throw wrong(text, `it says ${word} twice`);
  return found[0] === undefined ? null : Number(found[0][1]);
}

/** "daily", or days and ranges: "mon-fri,sun"; a range may run over Sunday. */
function daysOf(text: string, words: string): boolean[] {
  const on = DAYS.map(() => words === "daily");
  if (words === "daily") return on;
  for (const word of words.split(",")) {
    const [first, last = first, ...more] = word.split("-").map((name) => DAYS.indexOf(name));
    if (first === undefined || first < 0 || last! < 0 || more.length > 0)
      throw wrong(text, `"${word}" is no day or range of days; days are ${DAYS.join(", ")} and daily`);
    for (let day = first; ; day = (day + 1) % DAYS.length) {
      on[day] = true;
      if (day === last) break;
    }
  }
  return on;
}

function wrong(text: string, why: string): RangeError {
  return new RangeError(
    `Cannot read the schedule entry "${text}": ${why}. Write entries like "${FORM}", separated by ";"`,
  );
}
