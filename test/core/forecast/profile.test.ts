import { describe, expect, it } from "vitest";
import {
  copyProfile,
  DAY_SLOTS,
  emptyProfile,
  learnLoad,
  type Profile,
  usualLoad,
  WEEK_SLOTS,
  weekSlot,
  weeksSeen,
} from "../../../src/core/forecast/profile.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";

/** Learns `days` days in order, beginning on Monday, each slot as `load` says. */
function learnDays(profile: Profile, days: number, load: (slot: number, day: number) => number): Profile {
  for (let day = 0; day < days; day++)
    for (let i = 0; i < DAY_SLOTS; i++) {
      const slot = (day * DAY_SLOTS + i) % WEEK_SLOTS;
      learnLoad(profile, slot, load(slot, day));
    }
  return profile;
}

const hour = (slot: number) => Math.floor(((slot % DAY_SLOTS) * 24) / DAY_SLOTS);
const openFromNine = (slot: number) => (hour(slot) >= 9 && hour(slot) < 18 ? 100 : 10);
const noonOf = (day: number) => day * DAY_SLOTS + DAY_SLOTS / 2;
const midnightOf = (day: number) => day * DAY_SLOTS + 6;

describe("what is usual", () => {
  it("is nothing before anything was seen", () => {
    expect(usualLoad(emptyProfile(), 0)).toBe(0);
    expect(usualLoad(emptyProfile(), WEEK_SLOTS - 1)).toBe(0);
  });

  it("is flat after the first load and leans on the slots that were seen", () => {
    const profile = emptyProfile();
    learnLoad(profile, 100, 60);
    expect(usualLoad(profile, 100)).toBeCloseTo(60, 4);
    expect(usualLoad(profile, 1_500)).toBeCloseTo(60, 4);
  });

  it("repeats the first day on the second, half of the way", () => {
    const profile = learnDays(emptyProfile(), 1, openFromNine);
    const { overallLoad } = profile;
    expect(usualLoad(profile, noonOf(1))).toBeCloseTo((100 + overallLoad) / 2, 3);
    expect(usualLoad(profile, midnightOf(1))).toBeCloseTo((10 + overallLoad) / 2, 3);
  });

  it("knows a weekend from a weekday after four weeks", () => {
    const profile = learnDays(emptyProfile(), 28, (slot) =>
      slot >= 5 * DAY_SLOTS ? 20 : openFromNine(slot),
    );
    expect(usualLoad(profile, noonOf(2))).toBeGreaterThan(90);
    expect(usualLoad(profile, noonOf(5))).toBeLessThan(35);
    expect(weeksSeen(profile, noonOf(2))).toBe(4);
  });

  it("relearns a habit that changed in about four weeks", () => {
    const profile = learnDays(emptyProfile(), 56, () => 100);
    learnDays(profile, 28, () => 200);
    expect(usualLoad(profile, noonOf(3))).toBeGreaterThan(170);
  });

  it("smooths over the neighbours, around the end of the week as well", () => {
    const profile = learnDays(emptyProfile(), 70, (slot) => (slot === 0 ? 400 : 0));
    const last = usualLoad(profile, WEEK_SLOTS - 1);
    expect(last).toBeCloseTo(usualLoad(profile, 1), 3);
    expect(usualLoad(profile, 0)).toBeCloseTo(2 * last, -1);
    expect(usualLoad(profile, 0)).toBeGreaterThan(usualLoad(profile, 1));
  });

  it("stays zero where zero was measured", () => {
    expect(
      usualLoad(
        learnDays(emptyProfile(), 14, () => 0),
        77,
      ),
    ).toBe(0);
  });

  it("stops counting weeks before a byte overflows", () => {
    const profile = emptyProfile();
    for (let i = 0; i < 300; i++) learnLoad(profile, 9, 50);
    expect(weeksSeen(profile, 9)).toBe(255);
    expect(usualLoad(profile, 9)).toBeCloseTo(50, 3);
  });
});

it("finds the slot of the local week", () => {
  const sunday = Date.UTC(2026, 5, 14, 22, 0);
  expect(weekSlot("UTC", sunday)).toBe(6 * DAY_SLOTS + 22 * 12);
  expect(weekSlot("Europe/Berlin", sunday)).toBe(0);
  expect(weekSlot("Europe/Berlin", sunday - MINUTE_MS)).toBe(WEEK_SLOTS - 1);
  expect(weekSlot("Asia/Kathmandu", Date.UTC(2026, 5, 15) - 6 * HOUR_MS)).toBe(WEEK_SLOTS - 3);
});

it("copies so that learning in the copy leaves the original alone", () => {
  const original = learnDays(emptyProfile(), 1, () => 10);
  const copy = copyProfile(original);
  learnDays(copy, 1, () => 500);
  expect(usualLoad(original, 5)).toBeCloseTo(10, 4);
  expect(original.overallCount).toBe(DAY_SLOTS);
});
