/**
 * Quantiles read off past errors: against the normal distribution's published ones, and the promise of conformal prediction
 * on independent errors (Vovk, Gammerman and Shafer 2005; Lei et al. 2018): covered at least q, and hardly more.
 */
import { describe, expect, it } from "vitest";
import {
  CELLS,
  errorQuantile,
  errorShare,
  FIRST_COUNT,
  fadeErrors,
  freshErrors,
  learnError,
} from "../../../src/core/forecast/errors.ts";
import { createRandom, type Random } from "../../../src/sim/random.ts";

const QUANTILES = [0.1, 0.5, 0.9, 0.95, 0.99] as const;

function learned(count: number, draw: () => number): Float64Array {
  const cells = freshErrors();
  for (let i = 0; i < count; i++) {
    learnError(cells, draw(), 1, 6);
    fadeErrors(cells);
  }
  return cells;
}

/** Each with its exact distribution function. */
const KINDS: readonly [string, (random: Random) => number, (x: number) => number][] = [
  ["normal", (random) => random.normal(), normalShare],
  [
    "exponential, one-sided",
    (random) => -Math.log(1 - random.next()),
    (x) => (x <= 0 ? 0 : 1 - Math.exp(-x)),
  ],
  ["uniform", (random) => random.between(-2, 1), (x) => Math.min(1, Math.max(0, (x + 2) / 3))],
];

/** Abramowitz and Stegun 7.1.26 (error under 1.5e-7). */
function normalShare(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = (poly * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}

describe("coverage of independent errors", () => {
  const COUNT = 600;
  const TRIALS = 60;
  /** Weight of the made-up errors of the first day: so much of the promise is theirs. */
  const foreign = FIRST_COUNT / (FIRST_COUNT + COUNT);

  it.each(KINDS)("%s: within the finite-sample bound at every quantile", (kind, draw, shareOf) => {
    const random = createRandom(kind);
    const covered = QUANTILES.map(() => 0);
    for (let trial = 0; trial < TRIALS; trial++) {
      const cells = learned(COUNT, () => draw(random));
      QUANTILES.forEach((quantile, q) => {
        covered[q]! += shareOf(errorQuantile(cells, quantile)) / TRIALS;
      });
    }
    QUANTILES.forEach((quantile, q) => {
      // Three standard errors of the mean over the trials, and half a cell at most between two borders.
      const chance = 3 * Math.sqrt((quantile * (1 - quantile)) / (COUNT * TRIALS));
      const least = (quantile - foreign) / (1 - foreign) - 1 / (COUNT + 1) - chance;
      const most = quantile / (1 - foreign) + 1 / (COUNT + 1) + chance;
      expect(covered[q], `q${quantile}`).toBeGreaterThanOrEqual(least);
      expect(covered[q], `q${quantile}`).toBeLessThanOrEqual(most);
    });
  });

  it("follows a distribution that changed within one memory, and half of the way at half of it", () => {
    const random = createRandom("drift");
    const cells = learned(2_000, () => random.normal());
    const before = errorQuantile(cells, 0.9);
    for (let i = 0; i < 4_000; i++) {
      learnError(cells, 3 * random.normal(), 1, 6);
      fadeErrors(cells);
    }
    expect(errorQuantile(cells, 0.9) / before).toBeGreaterThan(2.6);
    expect(errorQuantile(cells, 0.9) / before).toBeLessThan(3.4);
  });
});

describe("quantiles of the standard normal", () => {
  /** qnorm in R. */
  const PUBLISHED = [-1.281551565, 0, 1.281551565, 1.644853627, 2.326347874];
  const random = createRandom("normal");
  const cells = new Float64Array(CELLS);
  for (let i = 0; i < 200_000; i++) learnError(cells, random.normal(), 1, 6);

  it.each(QUANTILES.map((quantile, q) => [quantile, PUBLISHED[q]!] as const))(
    "%d is %d",
    (quantile, value) => {
      expect(Math.abs(errorQuantile(cells, quantile) - value)).toBeLessThan(0.02 + 0.02 * Math.abs(value));
    },
  );

  it("have their shares: each function is the inverse of the other", () => {
    for (let quantile = 0.005; quantile < 1; quantile += 0.005) {
      expect(errorShare(cells, errorQuantile(cells, quantile))).toBeCloseTo(quantile, 9);
    }
    for (const [x, share] of [
      [-1, 0.1586552539],
      [0, 0.5],
      [1, 0.8413447461],
      [1.96, 0.9750021049],
    ] as const)
      expect(Math.abs(errorShare(cells, x) - share)).toBeLessThan(0.008);
  });
});

/** Koenker and Bassett (1978). */
function pinball(actual: number, forecast: number, quantile: number): number {
  return actual >= forecast ? quantile * (actual - forecast) : (1 - quantile) * (forecast - actual);
}

describe("pinball loss", () => {
  const mean = (actual: number[], forecast: number[], quantile: number) =>
    actual.reduce((sum, value, i) => sum + pinball(value, forecast[i]!, quantile), 0) / actual.length;

  // scikit-learn, documentation of sklearn.metrics.mean_pinball_loss.
  it.each([
    [[0, 2, 3], 0.1, 0.03333],
    [[1, 2, 4], 0.1, 0.3],
    [[0, 2, 3], 0.9, 0.3],
    [[1, 2, 4], 0.9, 0.03333],
  ])("of %j for 1, 2, 3 at %d is %d, as published", (forecast, quantile, loss) => {
    expect(mean([1, 2, 3], forecast, quantile)).toBeCloseTo(loss, 5);
  });

  it.each(QUANTILES)("is least, or nearly, at the quantile %d that is read off", (quantile) => {
    const random = createRandom(`pinball ${quantile}`);
    const errors = Array.from({ length: 3_000 }, () => random.logNormal(1, 0.7) - 1.5);
    const cells = new Float64Array(CELLS);
    for (const error of errors) learnError(cells, error, 1, 6);
    const lossAt = (forecast: number) =>
      errors.reduce((sum, error) => sum + pinball(error, forecast, quantile), 0);
    const least = Math.min(...[...errors].map(lossAt));
    expect(lossAt(errorQuantile(cells, quantile))).toBeLessThanOrEqual(least * 1.005);
  });
});

describe("what must never happen", () => {
  it("never falls in the quantile, whatever was learned", () => {
    const random = createRandom("any");
    for (const scale of [1e-9, 0.01, 1, 1e9]) {
      const cells = learned(300, () => scale * random.normal());
      const curve = Array.from({ length: 199 }, (_, i) => errorQuantile(cells, (i + 1) / 200));
      expect(curve).toEqual([...curve].sort((a, b) => a - b));
      expect(curve.every(Number.isFinite)).toBe(true);
    }
  });

  it("lets one viral day set no quantile: beyond six spreads all errors are alike", () => {
    const [six, million] = [freshErrors(), freshErrors()];
    learnError(six, 6, 1, 6);
    learnError(million, 1e6, 1, 6);
    expect(million).toEqual(six);
    for (let i = 0; i < 500; i++) learnError(million, 1e6, 1, 6);
    expect(errorQuantile(million, 0.999)).toBeLessThan(7);
  });

  it("is wide before there are errors", () => {
    const cells = freshErrors();
    expect(errorQuantile(cells, 0.5)).toBeCloseTo(0, 1);
    expect(errorQuantile(cells, 0.95)).toBeGreaterThan(2);
    expect(errorQuantile(cells, 0.05)).toBeLessThan(-1.5);
  });

  it("forgets old errors evenly: none before there are too many, all to one weight then", () => {
    const weight = (cells: Float64Array) => cells.reduce((sum, value) => sum + value, 0);
    const cells = learned(100, () => 0.5);
    expect(weight(cells)).toBeCloseTo(100 + FIRST_COUNT, 9);
    fadeErrors(cells, 50);
    expect(weight(cells)).toBeCloseTo(50, 9);
    expect(weight(learned(5_000, () => 0.5))).toBeLessThan(1_000);
  });
});
