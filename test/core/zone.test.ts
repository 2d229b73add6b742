/**
 * Days on which clocks are turned, checked against the dates that the zones' laws name, not against another library.
 */
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, WEEK_MS } from "../../src/core/time.ts";
import { isTimeZone, timeOfWeekMs, zoneOffsetMs } from "../../src/core/zone.ts";

const BIN_MS = 5 * MINUTE_MS;
const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";

/** How many 5-minute bins of [from, until) show each hour of the local day. */
function binsPerHour(zone: string, from: Instant, until: Instant): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = from; at < until; at += BIN_MS) {
    const hour = Math.floor((timeOfWeekMs(zone, at) % DAY_MS) / HOUR_MS);
    counts.set(hour, (counts.get(hour) ?? 0) + 1);
  }
  return counts;
}

describe("offset", () => {
  it.each([
    ["UTC", Date.UTC(2026, 6, 1), 0],
    [BERLIN, Date.UTC(2026, 0, 1), 60],
    [BERLIN, Date.UTC(2026, 6, 1), 120],
    [NEW_YORK, Date.UTC(2026, 0, 1), -300],
    [NEW_YORK, Date.UTC(2026, 6, 1), -240],
    ["Asia/Kathmandu", Date.UTC(2026, 0, 1), 345],
    ["Australia/Lord_Howe", Date.UTC(2026, 0, 1), 660],
    ["Australia/Lord_Howe", Date.UTC(2026, 6, 1), 630],
    ["Pacific/Kiritimati", Date.UTC(2026, 0, 1), 840],
  ])("%s at %d is %d minutes", (zone, instant, minutes) => {
    expect(zoneOffsetMs(zone, instant)).toBe(minutes * MINUTE_MS);
  });

  it.each([
    ["Berlin's spring", BERLIN, Date.UTC(2026, 2, 29, 1, 0), 60, 120],
    ["Berlin's autumn", BERLIN, Date.UTC(2026, 9, 25, 1, 0), 120, 60],
    ["New York's spring", NEW_YORK, Date.UTC(2026, 2, 8, 7, 0), -300, -240],
    ["New York's autumn", NEW_YORK, Date.UTC(2026, 10, 1, 6, 0), -240, -300],
    ["Lord Howe's spring, at half past", "Australia/Lord_Howe", Date.UTC(2026, 9, 3, 15, 30), 630, 660],
  ])("changes in %s at the very millisecond", (_name, zone, change, before, after) => {
    expect(zoneOffsetMs(zone, change - 1)).toBe(before * MINUTE_MS);
    expect(zoneOffsetMs(zone, change)).toBe(after * MINUTE_MS);
  });

  it("refuses what is no zone", () => {
    expect(() => zoneOffsetMs("Europe/Atlantis", 0)).toThrow(RangeError);
    expect([isTimeZone("Europe/Atlantis"), isTimeZone(""), isTimeZone(BERLIN)]).toEqual([false, false, true]);
  });
});

describe("time of the week", () => {
  it("counts from Monday 00:00 local time", () => {
    expect(timeOfWeekMs("UTC", Date.UTC(2026, 5, 15))).toBe(0);
    expect(timeOfWeekMs("UTC", Date.UTC(2026, 5, 15) - 1)).toBe(WEEK_MS - 1);
    expect(timeOfWeekMs(BERLIN, Date.UTC(2026, 5, 14, 22, 0))).toBe(0);
    expect(timeOfWeekMs("Asia/Kathmandu", Date.UTC(2026, 5, 17, 6, 15))).toBe(2 * DAY_MS + 12 * HOUR_MS);
  });

  it("stays within one week before the epoch, too", () => {
    expect(timeOfWeekMs("UTC", Date.UTC(1969, 11, 29))).toBe(0);
    expect(timeOfWeekMs(NEW_YORK, -123_456_789)).toBeGreaterThanOrEqual(0);
  });

  it("shows nine o'clock in Berlin as nine o'clock, in winter and in summer", () => {
    const monday = (instant: Instant) => timeOfWeekMs(BERLIN, instant);
    expect(monday(Date.UTC(2026, 0, 12, 8, 0))).toBe(9 * HOUR_MS);
    expect(monday(Date.UTC(2026, 6, 13, 7, 0))).toBe(9 * HOUR_MS);
  });

  it.each([
    ["Berlin", BERLIN, Date.UTC(2026, 2, 28, 23), 2],
    ["New York", NEW_YORK, Date.UTC(2026, 2, 8, 5), 2],
  ])("skips an hour on the day of 23 hours in %s", (_name, zone, midnight, skipped) => {
    const next = midnight + 23 * HOUR_MS;
    expect([timeOfWeekMs(zone, midnight) % DAY_MS, timeOfWeekMs(zone, next) % DAY_MS]).toEqual([0, 0]);
    const counts = binsPerHour(zone, midnight, next);
    expect(counts.has(skipped)).toBe(false);
    expect([...counts.values()]).toEqual(new Array(23).fill(12));
  });

  it.each([
    ["Berlin", BERLIN, Date.UTC(2026, 9, 24, 22), 2],
    ["New York", NEW_YORK, Date.UTC(2026, 10, 1, 4), 1],
  ])("shows an hour twice on the day of 25 hours in %s", (_name, zone, midnight, doubled) => {
    const next = midnight + 25 * HOUR_MS;
    expect([timeOfWeekMs(zone, midnight) % DAY_MS, timeOfWeekMs(zone, next) % DAY_MS]).toEqual([0, 0]);
    const counts = binsPerHour(zone, midnight, next);
    expect(counts.get(doubled)).toBe(24);
    expect(counts.size).toBe(24);
  });
});
