/**
 * The ordinary day and week of a region: a rise through the morning, a dip after lunch, an evening peak, a quiet night;
 * weekdays above weekends. Both are multipliers, both read the region's own wall clock.
 *
 * The trap is a week that steps at midnight: load does not jump by a third from one minute to the next, so a weekday
 * fades into the next over the four hours around midnight. On days of 23 and 25 hours the wall clock skips or repeats
 * an hour and the shape with it; nothing else is needed.
 */
import type { LocalTime } from "./local-clock.ts";

const DAY_MINUTES = 1440;
const NIGHT_FLOOR = 0.12;
const BUMPS = [
  { hour: 11, widthHours: 2.4, height: 0.8 },
  { hour: 15.5, widthHours: 2, height: 0.45 },
  { hour: 20, widthHours: 2.2, height: 1 },
] as const;
/** Sunday first. */
const WEEKDAY_LEVEL = [0.62, 1, 1, 0.99, 0.97, 0.92, 0.68] as const;
const FADE_MINUTES = 120;

const DAY = dayTable();

/** Load at this local time against the day's peak: from about 0.12 at night to 1 in the evening. */
export function dailyShape(at: LocalTime): number {
  return DAY[at.minuteOfDay]!;
}

/** Load of this weekday against a Monday: 0.62 on a Sunday to 1, fading over midnight. */
export function weeklyShape(at: LocalTime): number {
  const today = levelOf(at.weekday);
  const toMidnight = DAY_MINUTES - at.minuteOfDay;
  if (toMidnight <= FADE_MINUTES)
    return mix(today, levelOf(at.weekday + 1), 0.5 - toMidnight / FADE_MINUTES / 2);
  if (at.minuteOfDay < FADE_MINUTES) {
    return mix(levelOf(at.weekday + 6), today, 0.5 + at.minuteOfDay / FADE_MINUTES / 2);
  }
  return today;
}

function levelOf(weekday: number): number {
  return WEEKDAY_LEVEL[weekday % 7]!;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function dayTable(): Float64Array {
  const table = Float64Array.from({ length: DAY_MINUTES }, (_, minute) => {
    const bumps = BUMPS.map(({ hour, widthHours, height }) => {
      const apart = Math.abs(minute / 60 - hour);
      const hours = Math.min(apart, 24 - apart);
      return height * Math.exp(-((hours / widthHours) ** 2) / 2);
    });
    return bumps.reduce((sum, bump) => sum + bump, 0);
  });
  const peak = table.reduce((highest, value) => Math.max(highest, value), 0);
  return table.map((value) => NIGHT_FLOOR + (1 - NIGHT_FLOOR) * (value / peak));
}
