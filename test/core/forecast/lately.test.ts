import { expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { lately } from "../../../src/core/forecast/lately.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";

const BIN_MS = 5 * MINUTE_MS;
const START = Date.UTC(2026, 5, 1);

function stateOf(values: readonly number[]) {
  const now = START + values.length * BIN_MS;
  return ensembleForecaster("UTC", BIN_MS).update(null, { start: START, binMs: BIN_MS, values }, [], now);
}

it("gives the loads that such a share of the week's bins stayed under, to a step of a 500th of the highest root", () => {
  const week = stateOf(Array.from({ length: (5 * DAY_MS) / BIN_MS }, (_, i) => 100 + ((i * 37) % 100)));
  const [low, middle, high] = lately(week, [0.1, 0.5, 0.9]);
  expect(low! / 110).toBeCloseTo(1, 1);
  expect(middle! / 150).toBeCloseTo(1, 1);
  expect(high! / 190).toBeCloseTo(1, 1);
});

it("answers in the order of the question", () => {
  const week = stateOf(Array.from({ length: 600 }, (_, i) => 10 + (i % 50)));
  const asked = [0.95, 0.1, 0.5, 0.5, 0.01];
  expect(lately(week, asked)).toEqual(asked.map((quantile) => lately(week, [quantile])[0]));
  expect(lately(week, [0.95])[0]).toBeGreaterThan(lately(week, [0.1])[0]!);
});

it("is nothing where nothing was measured, and zero where all was", () => {
  expect(lately(emptyState("UTC", START), [0.1, 0.99])).toEqual([0, 0]);
  expect(lately(stateOf(new Array<number>(300).fill(0)), [0.99, 0.5])).toEqual([0, 0]);
  expect(lately(stateOf([]), [])).toEqual([]);
});
