import { expect, it } from "vitest";
import { DAY_MS, floorTo, formatInstant, MINUTE_MS } from "../../src/core/time.ts";

it("floors to the grid of the epoch, on it and before the epoch too", () => {
  const quarter = 15 * MINUTE_MS;
  const noon = Date.UTC(2026, 5, 17, 12, 0);
  expect(floorTo(noon, quarter)).toBe(noon);
  expect(floorTo(noon + quarter - 1, quarter)).toBe(noon);
  expect(floorTo(noon + quarter, quarter)).toBe(noon + quarter);
  expect(floorTo(-1, DAY_MS)).toBe(-DAY_MS);
});

it("formats whole seconds without milliseconds and keeps the others", () => {
  expect(formatInstant(Date.UTC(2026, 10, 21, 0, 15))).toBe("2026-11-21T00:15:00Z");
  expect(formatInstant(Date.UTC(2026, 10, 21, 0, 15, 0, 7))).toBe("2026-11-21T00:15:00.007Z");
});
