/**
 * Bins of one width, counted from 1970: bin n is [n·binMs, (n+1)·binMs). State is indexed by these numbers, so that the
 * same samples meet the same bins whenever they arrive. What repeats is indexed by local time: slot s of the week begins
 * s·binMs after Monday 0 o'clock on the wall.
 *
 * The trap is the change of the clock: "the same time yesterday" is 23 or 25 hours ago on two days a year.
 */
import { DAY_MS, type Instant, WEEK_MS } from "../time.ts";
import { timeOfWeekMs, zoneOffsetMs } from "../zone.ts";

export type Grid = { readonly zone: string; readonly binMs: number };

/** Bins of a day and of a week of 24-hour days. */
export function binsPerDay({ binMs }: Grid): number {
  return Math.round(DAY_MS / binMs);
}

export function binsPerWeek({ binMs }: Grid): number {
  return Math.round(WEEK_MS / binMs);
}

export function binAt({ binMs }: Grid, instant: Instant): number {
  return Math.floor(instant / binMs);
}

/** Where a bin stands in the local week, and which bins showed the same wall time a day and a week before. */
export type Place = {
  readonly bin: number;
  readonly slot: number;
  readonly yesterday: number;
  readonly lastWeek: number;
};

export function placeOf(grid: Grid, bin: number): Place {
  const at = bin * grid.binMs;
  return {
    bin,
    slot: Math.floor(timeOfWeekMs(grid.zone, at) / grid.binMs),
    yesterday: sameWallTime(grid, at, DAY_MS),
    lastWeek: sameWallTime(grid, at, WEEK_MS),
  };
}

function sameWallTime({ zone, binMs }: Grid, at: Instant, ageMs: number): number {
  const before = at - ageMs;
  return Math.floor((before + zoneOffsetMs(zone, at) - zoneOffsetMs(zone, before)) / binMs);
}
