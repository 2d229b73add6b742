import { expect, it } from "vitest";
import { patternsOf } from "../../../src/core/forecast/patterns.ts";
import { emptyState, seasonalForecaster } from "../../../src/core/forecast/seasonal.ts";
import { DAY_MS, HOUR_MS } from "../../../src/core/time.ts";
import { minutesFrom } from "../examples.ts";

const MONDAY = Date.UTC(2026, 5, 1);

it("shows the profile as 168 hours of the local week, Monday first", () => {
  const nineInTokyo = (at: number) => Math.floor(((at + 9 * HOUR_MS) % DAY_MS) / HOUR_MS) === 9;
  const samples = minutesFrom(MONDAY, 28 * 24 * 60, (at) => (nineInTokyo(at) ? 600 : 60));
  const state = seasonalForecaster("Asia/Tokyo").update(null, samples, [], MONDAY + 28 * DAY_MS);
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
});

it("is all zero before anything was seen", () => {
  const patterns = patternsOf(emptyState("UTC", MONDAY));
  expect(patterns.every((p) => p.usualLoad === 0 && p.peakLoad === 0 && p.weeksSeen === 0)).toBe(true);
});
