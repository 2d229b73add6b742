import { describe, expect, it } from "vitest";
import {
  dailyRoot,
  emptyProfile,
  judgeProfile,
  learnOverall,
  learnSlot,
  type Profile,
  usualLoad,
  usualRoot,
  WEEK_SLOTS,
  weeklyRoot,
  weekSlot,
  weeksSeen,
} from "../../../src/core/forecast/profile.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../../../src/core/time.ts";

const PER_DAY = 24;

/** Weeks of hours, each judged before it is learned, as the forecaster does. */
function learn(weeks: number, root: (day: number, hour: number, week: number) => number): Profile {
  const profile = emptyProfile(PER_DAY);
  for (let i = 0; i < weeks * 7 * PER_DAY; i++) {
    const [day, hour] = [Math.floor(i / PER_DAY) % 7, i % PER_DAY];
    const value = root(day, hour, Math.floor(i / (7 * PER_DAY)));
    judgeProfile(profile, i % (7 * PER_DAY), value);
    learnOverall(profile, value);
    learnSlot(profile, i % (7 * PER_DAY), value);
  }
  return profile;
}

const slotOf = (day: number, hour: number) => day * PER_DAY + hour;

describe("three usual weeks", () => {
  it("give the usual day the whole say where every day is alike, and all three are the same", () => {
    const profile = learn(4, (_day, hour) => hour);
    for (const day of [0, 5, 6]) expect(usualRoot(profile, slotOf(day, 9))).toBeCloseTo(9, 1);
    expect(usualLoad(profile, slotOf(2, 9))).toBeCloseTo(9 ** 3, -1);
  });

  it("believe the kind of day where weekends differ, and the week where Tuesday does", () => {
    const weekend = learn(4, (day, hour) => (day >= 5 ? 3 : 10) + hour / 10);
    expect(usualRoot(weekend, slotOf(6, 0))).toBeCloseTo(3, 0);
    expect(usualRoot(weekend, slotOf(1, 0))).toBeCloseTo(10, 0);
    const tuesday = learn(6, (day) => (day === 1 ? 20 : 5));
    expect(tuesday.shares[2]).toBeGreaterThan(0.8);
    expect(usualRoot(tuesday, slotOf(1, 12))).toBeGreaterThan(18);
    expect(usualRoot(tuesday, slotOf(2, 12))).toBeLessThan(6);
  });

  it("have shares that sum to 1, also before anything was missed", () => {
    for (const profile of [emptyProfile(PER_DAY), learn(1, () => 0), learn(3, (day, hour) => day * hour)]) {
      expect(profile.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });

  it("judge a bin before it is learned: a slot that was never seen cannot be right by memory", () => {
    const profile = learn(1, (day, hour) => (day === 0 && hour === 0 ? 50 : 5));
    expect(profile.misses[2]).toBeGreaterThan(0);
    const before = profile.misses[2]!;
    judgeProfile(profile, slotOf(0, 0), 50);
    expect(profile.misses[2]).toBeLessThan(before);
  });
});

describe("short history", () => {
  it("stands in with the mean of all, then with the usual day, for slots that were not seen", () => {
    const profile = emptyProfile(PER_DAY);
    learnOverall(profile, 4);
    learnOverall(profile, 8);
    expect(usualRoot(profile, slotOf(3, 7))).toBeCloseTo(6, 9);
    learnSlot(profile, slotOf(0, 7), 10);
    expect(dailyRoot(profile, slotOf(3, 7))).toBe(10);
    expect(weeklyRoot(profile, slotOf(3, 7), -1)).toBe(-1);
    expect([weeksSeen(profile, slotOf(0, 7)), weeksSeen(profile, slotOf(3, 7))]).toEqual([1, 0]);
  });

  it("is a plain mean at first: the second day counts as much as the first", () => {
    const profile = emptyProfile(PER_DAY);
    learnSlot(profile, slotOf(0, 7), 10);
    learnSlot(profile, slotOf(1, 7), 20);
    expect(dailyRoot(profile, slotOf(2, 7))).toBeCloseTo(15, 9);
  });

  it("forgets later: after a month of another level nearly nothing is left of the old one", () => {
    const profile = learn(8, (_day, _hour, week) => (week < 4 ? 10 : 20));
    expect(usualRoot(profile, slotOf(2, 12))).toBeGreaterThan(19);
    expect(weeklyRoot(profile, slotOf(2, 12), 0)).toBeGreaterThan(16);
  });

  it("counts to 255 and no further", () => {
    const profile = emptyProfile(PER_DAY);
    for (let i = 0; i < 400; i++) learnSlot(profile, 0, 1);
    expect([profile.dayCount[0], profile.weekCount[0]]).toEqual([255, 255]);
  });
});

it("lays 5-minute slots on the local week, Monday first", () => {
  const monday = Date.UTC(2026, 5, 1);
  expect([weekSlot("UTC", monday), weekSlot("UTC", monday + 5 * MINUTE_MS)]).toEqual([0, 1]);
  expect(weekSlot("UTC", monday - 1)).toBe(WEEK_SLOTS - 1);
  expect(weekSlot("UTC", monday + WEEK_MS)).toBe(0);
  expect(weekSlot("Asia/Tokyo", monday - 9 * HOUR_MS)).toBe(0);
  expect(weekSlot("America/New_York", monday + 4 * HOUR_MS + DAY_MS)).toBe(288);
});
