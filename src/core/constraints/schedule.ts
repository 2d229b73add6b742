/**
 * The owner's timetable: at least so many machines, at most so many, by weekday and hour in the app's zone.
 *
 * A floor is there in time: it counts for every minute that this decision has to last for, so that machines serve when its
 * hour strikes. A ceiling counts from its hour on. Where floors and ceilings overlap the highest floor and the lowest ceiling
 * count, and of the two the floor.
 */
import { type Instant, MINUTE_MS, SECOND_MS } from "../time.ts";
import { timeOfWeekMs } from "../zone.ts";
import type { Constraint } from "./constraint.ts";
import { holdsAt, parseSchedule, type ScheduleEntry } from "./schedule-text.ts";

export const schedule: Constraint = {
  name: "schedule",
  limit: ({ policy, now, slot, cadenceMs }) => {
    if (policy.schedule === "") return null;
    const entries = parseSchedule(policy.schedule);
    const lastsUntil = Math.max(slot + cadenceMs, now + 1) + policy.leadSeconds * SECOND_MS;
    const floors = entries.filter(
      (entry) => entry.min !== null && holdsBetween(entry, policy.timeZone, now, lastsUntil),
    );
    const wallNow = timeOfWeekMs(policy.timeZone, now);
    const ceilings = entries.filter((entry) => entry.max !== null && holdsAt(entry, wallNow));
    const holding = [...new Set([...floors, ...ceilings])];
    if (holding.length === 0) return null;
    const low = Math.max(0, ...floors.map(({ min }) => min!));
    const high = Math.max(low, Math.min(...ceilings.map(({ max }) => max!)));
    return { low, ...(ceilings.length > 0 ? { high } : {}), why: holding.map(({ text }) => text).join("; ") };
  },
};

/** By the minute: an entry begins and ends on one, and clocks change on one. */
function holdsBetween(entry: ScheduleEntry, zone: string, from: Instant, until: Instant): boolean {
  for (let at = from; at < until; at += MINUTE_MS) if (holdsAt(entry, timeOfWeekMs(zone, at))) return true;
  return holdsAt(entry, timeOfWeekMs(zone, until - 1));
}
