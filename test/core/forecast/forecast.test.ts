import { expect, it } from "vitest";
import {
  FORECAST_BIN_MS,
  type Forecast,
  HORIZONS_MS,
  loadAt,
  STORED_QUANTILES,
} from "../../../src/core/forecast/forecast.ts";

const forecast: Forecast = {
  madeAt: 0,
  model: "by hand",
  confidence: 1,
  reason: "",
  start: 0,
  binMs: FORECAST_BIN_MS,
  quantiles: [0.1, 0.5, 0.9],
  load: [
    [1, 10],
    [5, 50],
    [9, 130],
  ],
  lately: [1, 5, 9],
};

it.each([
  [0, 0.5, 5],
  [1, 0.5, 50],
  [0, 0.3, 3],
  [1, 0.7, 90],
  [1, 0.01, 10],
  [1, 0.99, 130],
])(
  "of bin %d at quantile %d is %d: on the line between two quantiles, held beyond them",
  (bin, quantile, load) => {
    expect(loadAt(forecast, bin, quantile)).toBeCloseTo(load, 9);
  },
);

it("keeps horizons and quantiles in order, on the grid of bins", () => {
  expect([...HORIZONS_MS].sort((a, b) => a - b)).toEqual([...HORIZONS_MS]);
  expect([...STORED_QUANTILES].sort()).toEqual([...STORED_QUANTILES]);
  expect(STORED_QUANTILES.every((quantile) => quantile > 0 && quantile < 1)).toBe(true);
  expect(HORIZONS_MS.every((horizonMs) => horizonMs % FORECAST_BIN_MS === 0)).toBe(true);
});
