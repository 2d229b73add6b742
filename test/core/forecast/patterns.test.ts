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
