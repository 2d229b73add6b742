import { expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { patternsOf } from "../../../src/core/forecast/patterns.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS } from "../../../src/core/time.ts";
import { minutesFrom } from "../examples.ts";

const MONDAY = Date.UTC(2026, 5, 1);

it("shows the profile as 168 hours of the local week, Monday first", () => {
  const nineInTokyo = (at: number) => Math.floor(((at + 9 * HOUR_MS) % DAY_MS) / HOUR_MS) === 9;
  const samples = minutesFrom(MONDAY, 28 * 24 * 60, (at) => (nineInTokyo(at) ? 600 : 60));
  const state = ensembleForecaster("Asia/Tokyo").update(null, samples, [], MONDAY + 28 * DAY_MS);
  const patterns = patternsOf(state);
  expect(patterns).toHaveLength(168);
  expect(patterns.map((p) => p.dayOfWeek * 24 + p.hourOfDay)).toEqual(patterns.map((_, i) => i));
  const busiest = [...patterns].sort((a, b) => b.peakLoad - a.peakLoad).slice(0, 7);
  expect(busiest.map((p) => p.hourOfDay)).toEqual(new Array(7).fill(9));
  const [nine, ten] = [patterns[24 + 9]!, patterns[24 + 10]!];
  expect(nine.peakLoad).toBeGreaterThan(nine.usualLoad);
  expect(nine.peakLoad).toBeGreaterThan(500);
  expect(ten.usualLoad).toBeLessThan(150);
  expect(nine.weeksSeen).toBe(4);
  expect(nine).toMatchObject({ season: "weekly", samples: 48 });
  expect(nine.strength).toBeGreaterThan(0.8);
  expect(nine.confidence).toBeGreaterThanOrEqual(0);
  expect(nine.confidence).toBeLessThanOrEqual(1);
});

it.each([
  ["leaves out the hour that spring skips", Date.UTC(2026, 2, 8, 23), 36, 3],
  ["counts the hour that autumn repeats twice", Date.UTC(2026, 9, 4, 22), 60, 5],
])(
  "%s, and keeps local hours in place across the change",
  (_name, mondayInBerlin, samplesOfSundayTwo, weeks) => {
    const zone = "Europe/Berlin";
    const local = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" });
    const hourAt = new Map<number, number>();
    const hourOf = (at: number) => {
      const hour = Math.floor(at / HOUR_MS);
      if (!hourAt.has(hour)) hourAt.set(hour, Number(local.format(hour * HOUR_MS)));
      return hourAt.get(hour);
    };
    // Four local weeks with the change in the third: one has an hour less, or more.
    const change = samplesOfSundayTwo - 48;
    const minutes = 28 * 24 * 60 + Math.sign(change) * 60;
    const samples = minutesFrom(mondayInBerlin, minutes, (at) => (hourOf(at) === 9 ? 600 : 60));
    const until = mondayInBerlin + minutes * 60_000;
    const patterns = patternsOf(ensembleForecaster(zone).update(null, samples, [], until));
    expect(patterns).toHaveLength(168);
    const sunday = patterns.slice(6 * 24);
    expect(sunday[2]).toMatchObject({ samples: samplesOfSundayTwo, weeksSeen: weeks });
    for (const hour of [1, 3]) expect(sunday[hour]).toMatchObject({ samples: 48, weeksSeen: 4 });
    for (let day = 0; day < 7; day++) {
      const [eight, nine, ten] = patterns.slice(24 * day + 8, 24 * day + 11).map((p) => p.usualLoad);
      expect(nine).toBeGreaterThan(500);
      expect(Math.max(eight!, ten!)).toBeLessThan(150);
    }
  },
);

it("rounds loads to hundredths, so that none is too small for SQL", () => {
  const samples = minutesFrom(MONDAY, 24 * 60, (_, i) => (i % 60 ? 0 : 1e-44));
  const patterns = patternsOf(ensembleForecaster("UTC").update(null, samples, [], MONDAY + DAY_MS));
  for (const { usualLoad, peakLoad } of patterns) expect([usualLoad, peakLoad]).toEqual([0, 0]);
});

it("lets the usual day stand in for hours of the week that were not seen", () => {
  const samples = minutesFrom(MONDAY, 24 * 60, () => 60);
  const patterns = patternsOf(ensembleForecaster("UTC").update(null, samples, [], MONDAY + DAY_MS));
  expect(patterns[10]).toMatchObject({ season: "daily", samples: 12, weeksSeen: 1 });
  expect(patterns[24 + 10]).toMatchObject({ season: "daily", samples: 0, weeksSeen: 0, confidence: 0 });
});

it("calls a flat load no season, and an unpredictable one a weak one", () => {
  const strengthOf = (load: (at: number) => number) => {
    const samples = minutesFrom(MONDAY, 14 * 24 * 60, load);
    return patternsOf(ensembleForecaster("UTC").update(null, samples, [], MONDAY + 14 * DAY_MS))[0]!.strength;
  };
  expect(strengthOf(() => 100)).toBe(0);
  const daily = (at: number) => 300 + 200 * Math.sin((2 * Math.PI * at) / DAY_MS);
  const noisy = (at: number) => daily(at) * (0.2 + 1.6 * ((Math.floor(at / DAY_MS) * 0.618) % 1));
  expect(strengthOf(daily)).toBeGreaterThan(0.9);
  expect(strengthOf(noisy)).toBeLessThan(strengthOf(daily) - 0.1);
});

it("is all zero before anything was seen", () => {
  const patterns = patternsOf(emptyState("UTC", MONDAY));
  const nothing = {
    usualLoad: 0,
    peakLoad: 0,
    weeksSeen: 0,
    season: "none",
    strength: 0,
    samples: 0,
    confidence: 0,
  };
  for (const pattern of patterns) expect(pattern).toMatchObject(nothing);
});
