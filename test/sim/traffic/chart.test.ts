import { expect, it } from "vitest";
import { sparkline } from "../../../src/sim/traffic/chart.ts";

const none = Number.NaN;

it("draws from the lowest block for zero to the full block for the top", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 9)).toBe("▁▂▃▄▅▆▇██");
  expect(sparkline([0, 0], 5)).toBe("▁▁");
  expect(sparkline([4], 1, 8)).toBe("▅");
});

it("shows the highest value of each stretch and leaves gaps open", () => {
  expect(sparkline([0, 8, 0, 0, none, none, none, 4], 4)).toBe("█▁ ▅");
  expect(sparkline(new Float64Array([none, none]), 2)).toBe("  ");
});

it("is as wide as asked, or as the series is long", () => {
  expect(sparkline(new Float64Array(1000), 60)).toHaveLength(60);
  expect(sparkline([1, 2], 60)).toHaveLength(2);
  expect(sparkline([], 60)).toBe("");
  expect(sparkline([1, 2], 0)).toBe("");
});
