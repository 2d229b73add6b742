import { expect, it } from "vitest";
import { riskAbove } from "../../../src/core/capacity/tail.ts";

const quantiles = [0.5, 0.9, 0.99];

it("is the forecast's own at its quantiles", () => {
  const curve = { quantiles, loads: [100, 200, 400] };
  expect([100, 200, 400].map((load) => riskAbove(curve, load))).toEqual([
    expect.closeTo(0.5, 12),
    expect.closeTo(0.1, 12),
    expect.closeTo(0.01, 12),
  ]);
});

it("falls exponentially between two of them: half way it is their geometric mean", () => {
  expect(riskAbove({ quantiles, loads: [100, 200, 400] }, 300)).toBeCloseTo(Math.sqrt(0.1 * 0.01), 12);
});

it("falls as the square of the root distance beyond the highest, and never to nothing", () => {
  // Roots 1, 2 and 3: the distance from the median doubles, so the risk is a quarter.
  const curve = { quantiles: [0.5, 0.99], loads: [1, 8] };
  expect(riskAbove(curve, 27)).toBeCloseTo(0.01 / 4, 12);
  expect(riskAbove(curve, 1e12)).toBeGreaterThan(0);
});

it("is what the other quantiles leave over where some of them are zero", () => {
  expect(riskAbove({ quantiles, loads: [0, 0, 50] }, 0)).toBeCloseTo(0.1, 12);
  expect(riskAbove({ quantiles, loads: [0, 0, 0] }, 0)).toBeCloseTo(0.01, 12);
  expect(riskAbove({ quantiles, loads: [0, 0, 0] }, 1)).toBe(0);
});

it("never rises with the load and stays within [0, 1]", () => {
  const curve = { quantiles, loads: [3, 3, 90] };
  let before = 1;
  for (let load = 0; load < 500; load++) {
    const risk = riskAbove(curve, load);
    expect(risk).toBeLessThanOrEqual(before);
    expect(risk).toBeGreaterThanOrEqual(0);
    before = risk;
  }
});
