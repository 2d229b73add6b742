/** Bins go on evenly; slots follow the clock on the wall, over its changes in two zones. */
import { describe, expect, it } from "vitest";
import { binAt, binsPerDay, binsPerWeek, placeOf } from "../../../src/core/forecast/grid.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_HOUR = HOUR_MS / BIN_MS;

/** Hours that a local day has, and how far back the same wall time is on the day after its change. */
const DAYS = [
  ["Europe/Berlin", "2026-03-29", 23],
  ["Europe/Berlin", "2026-10-25", 25],
  ["America/New_York", "2026-03-08", 23],
  ["America/New_York", "2026-11-01", 25],
  ["Europe/Berlin", "2026-06-07", 24],
] as const;

function bins(zone: string, day: string): { slots: number[]; first: number } {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const grid = { zone, binMs: BIN_MS };
  const local = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  const slots: number[] = [];
  let first = 0;
  for (let at = noon - 30 * HOUR_MS; at < noon + 30 * HOUR_MS; at += BIN_MS) {
    if (local.format(at) !== day) continue;
    if (slots.length === 0) first = binAt(grid, at);
    slots.push(placeOf(grid, binAt(grid, at)).slot);
  }
  return { slots, first };
}

describe.each(DAYS)("%s, %s", (zone, day, hours) => {
  const grid = { zone, binMs: BIN_MS };
  const { slots, first } = bins(zone, day);
  const midnight = 6 * binsPerDay(grid);

  it(`has ${hours} hours and shows Sunday's slots from first to last`, () => {
    expect(slots).toHaveLength(hours * PER_HOUR);
    expect([slots[0], slots.at(-1)]).toEqual([midnight, midnight + binsPerDay(grid) - 1]);
  });

  it("leaves out the slots of an hour that is skipped, and takes twice those of one that is repeated", () => {
    const seen = new Map<number, number>();
    for (const slot of slots) seen.set(slot, (seen.get(slot) ?? 0) + 1);
    const changed = new Set(
      Array.from({ length: binsPerDay(grid) }, (_, i) => midnight + i).filter((slot) => seen.get(slot) !== 1),
    );
    const times = [...changed].map((slot) => seen.get(slot) ?? 0);
    expect(times).toEqual(new Array(Math.abs(hours - 24) * PER_HOUR).fill(hours === 23 ? 0 : 2));
  });

  it("finds yesterday's and last week's bin at the same wall time", () => {
    const lookBack = (bin: number) => {
      const { slot, yesterday, lastWeek } = placeOf(grid, bin);
      return [slot, placeOf(grid, yesterday).slot, placeOf(grid, lastWeek).slot, bin - yesterday];
    };
    const dayAfter = first + hours * PER_HOUR + 12 * PER_HOUR;
    const [slot, slotYesterday, slotLastWeek, age] = lookBack(dayAfter);
    expect(slot).toBe(12 * PER_HOUR);
    expect(slotLastWeek).toBe(slot);
    expect(slotYesterday).toBe(midnight + 12 * PER_HOUR);
    expect(age).toBe(24 * PER_HOUR);
    const [, , , ageOnTheDay] = lookBack(first + hours * PER_HOUR - 1);
    expect(ageOnTheDay).toBe(hours * PER_HOUR);
  });
});

it("counts bins from 1970, also before it, and of every width", () => {
  expect(binAt({ zone: "UTC", binMs: BIN_MS }, -1)).toBe(-1);
  expect(binAt({ zone: "UTC", binMs: BIN_MS }, BIN_MS - 1)).toBe(0);
  for (const [minutes, perDay] of [
    [1, 1_440],
    [5, 288],
    [15, 96],
  ] as const) {
    const grid = { zone: "UTC", binMs: minutes * MINUTE_MS };
    expect([binsPerDay(grid), binsPerWeek(grid)]).toEqual([perDay, 7 * perDay]);
    // 1 January 1970 was a Thursday.
    expect(placeOf(grid, 0)).toEqual({ bin: 0, slot: 3 * perDay, yesterday: -perDay, lastWeek: -7 * perDay });
    expect(placeOf(grid, binAt(grid, 4 * DAY_MS)).slot).toBe(0);
  }
});
