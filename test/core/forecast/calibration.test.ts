/**
 * Quantiles of a decaying histogram promise coverage: in the long run a share τ of the errors lies below the τ-quantile,
 * but for the width of a cell.
 */
import { describe, expect, it } from "vitest";
import {
  errorQuantile,
  freshCalibration,
  learnError,
  relativeError,
} from "../../../src/core/forecast/calibration.ts";
import { createRandom, type Random } from "../../../src/sim/random.ts";

const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99];
const WARM_UP = 5_000;
const JUDGED = 20_000;

/** Share of errors at or below each estimate that was made before the error was seen. */
function coverage(draw: (random: Random, i: number) => number, quantiles = QUANTILES): number[] {
  const random = createRandom("calibration");
  const calibration = freshCalibration();
  const below = quantiles.map(() => 0);
  for (let i = 0; i < WARM_UP + JUDGED; i++) {
    const error = draw(random, i);
    if (i >= WARM_UP)
      quantiles.forEach((quantile, q) => {
        if (error <= errorQuantile(calibration, quantile)) below[q]! += 1;
      });
    learnError(calibration, error);
  }
  return below.map((count) => count / JUDGED);
}

describe("coverage on independent errors", () => {
  it.each<[string, (random: Random) => number]>([
    ["normal", (random) => random.normal() * 0.2],
    ["skewed", (random) => random.logNormal(0.1, 1) - 0.1],
    ["uniform", (random) => random.between(-0.5, 1)],
  ])("is close to τ for %s ones", (_name, draw) => {
    coverage(draw).forEach((share, q) => {
      expect(Math.abs(share - QUANTILES[q]!), `coverage ${share} at ${QUANTILES[q]}`).toBeLessThan(0.015);
    });
  });

  it("is close to τ at any other quantile, too", () => {
    const [low, high] = coverage((random) => random.normal() * 0.2, [0.35, 0.85]);
    expect(low).toBeCloseTo(0.35, 1);
    expect(high).toBeCloseTo(0.85, 1);
  });

  it("comes back after the errors have drifted to another size", () => {
    const shares = coverage((random, i) => random.normal() * (i < WARM_UP ? 0.1 : 0.3), [0.1, 0.5, 0.9]);
    [0.1, 0.5, 0.9].forEach((quantile, q) => {
      expect(Math.abs(shares[q]! - quantile)).toBeLessThan(0.03);
    });
  });
});

describe("estimates", () => {
  it("start wide and in order", () => {
    const first = QUANTILES.map((quantile) => errorQuantile(freshCalibration(), quantile));
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(first.at(0)).toBeLessThan(0);
    expect(first.at(-1)).toBeGreaterThan(1);
  });

  it("never fall in the quantile", () => {
    const random = createRandom("crossing");
    const calibration = freshCalibration();
    for (let i = 0; i < 300; i++) {
      learnError(calibration, random.next() < 0.5 ? -1 : random.normal() * 5);
      const asked = Array.from({ length: 21 }, (_, q) => errorQuantile(calibration, q / 20));
      expect(asked).toEqual([...asked].sort((a, b) => a - b));
    }
  });

  it("shrink to almost nothing in a week of forecasts that were right", () => {
    const calibration = freshCalibration();
    for (let i = 0; i < 7 * 288; i++) learnError(calibration, 0);
    expect(errorQuantile(calibration, 0.95)).toBeLessThan(0.05);
    expect(errorQuantile(calibration, 0.1)).toBeGreaterThan(-0.05);
  });
});

it("measures errors relative to what was expected, kept finite by the floor", () => {
  expect(relativeError(150, 90, 10)).toBeCloseTo(0.6, 9);
  expect(relativeError(0, 0, 1)).toBe(0);
  expect(relativeError(5, 0, 1)).toBe(5);
});
