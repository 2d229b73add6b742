import { describe, expect, it } from "vitest";
import {
  FEATURES,
  LAST,
  LAST_1D,
  LAST_1H,
  LAST_15M,
  USUAL,
  YESTERDAY,
} from "../../../src/core/forecast/features.ts";
import { emptySums } from "../../../src/core/forecast/least-squares.ts";
import { believedWeights, learnRow, settleWeights, weigh } from "../../../src/core/forecast/regression.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const LEAD_MS = HOUR_MS;
const belief = believedWeights(LEAD_MS);

/** An ordinary moment: the usual root is about 8, all deviations are small. */
function moment(random: ReturnType<typeof createRandom>): Float64Array {
  const x = Float64Array.from({ length: FEATURES }, () => 0.5 * random.normal());
  x[0] = 8;
  x[USUAL] = random.between(5, 11);
  return x;
}

/** What is learned of `rows` rows whose root is `truth(x)`. */
function learn(rows: number, truth: (x: Float64Array, i: number) => number, leadMs = LEAD_MS): Float64Array {
  const random = createRandom("rows");
  const from = believedWeights(leadMs);
  const [sums, weights] = [emptySums(FEATURES), from.slice()];
  for (let i = 0; i < rows; i++) {
    const x = moment(random);
    const root = truth(x, i);
    learnRow(sums, from, x, root, root - weigh(weights, x), 0.2, 1);
  }
  settleWeights(sums, rows, weights, from, leadMs);
  return weights;
}

describe("the belief", () => {
  it("forecasts the usual on an ordinary day, at every lead", () => {
    const x = new Float64Array(FEATURES);
    x[0] = 3;
    x[USUAL] = 7;
    for (const leadMs of [5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS])
      expect(weigh(believedWeights(leadMs), x)).toBe(7);
  });

  it("lets today's deviation fade with the lead", () => {
    const today = [LAST, LAST_15M, LAST_1H, LAST_1D];
    const share = (leadMs: number) => today.reduce((sum, j) => sum + believedWeights(leadMs)[j]!, 0);
    const shares = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS].map(share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares[0]).toBeGreaterThan(0.9);
    expect(shares[3]).toBeLessThan(0.25);
  });

  it("stays where nothing was learned", () => {
    const weights = belief.slice();
    settleWeights(emptySums(FEATURES), 0, weights, belief, LEAD_MS);
    expect(weights).toEqual(belief);
  });
});

describe("learning", () => {
  const truth = (x: Float64Array) => x[USUAL]! + 0.9 * x[YESTERDAY]!;

  it("comes to what generated the rows", () => {
    const weights = learn(4_000, truth);
    expect(weights[YESTERDAY]).toBeCloseTo(0.9, 1);
    expect(weights[USUAL]! + weights[0]!).toBeCloseTo(1, 1);
    for (const j of [LAST_15M, LAST_1H, LAST_1D]) expect(Math.abs(weights[j]!)).toBeLessThan(0.1);
  });

  it("is moved the more by evidence the more there is", () => {
    const weightAfter = [0, 20, 100, 500, 4_000].map((rows) => learn(rows, truth)[YESTERDAY]!);
    expect(weightAfter).toEqual([...weightAfter].sort((a, b) => a - b));
    expect(weightAfter[0]).toBe(belief[YESTERDAY]);
  });

  it("holds to its belief the harder the longer the lead", () => {
    const moved = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS].map(
      (leadMs) => learn(200, truth, leadMs)[YESTERDAY]! - believedWeights(leadMs)[YESTERDAY]!,
    );
    expect(moved).toEqual([...moved].sort((a, b) => b - a));
    expect(moved[3]).toBeLessThan(0.75 * moved[0]!);
  });

  it("is not turned by rows that are missed by far", () => {
    const viral = (x: Float64Array, i: number) => truth(x) + (i % 20 === 0 ? 60 * x[LAST_1H]! : 0);
    // Ordinary least squares would take a twentieth of sixty: 3.
    expect(Math.abs(learn(4_000, viral)[LAST_1H]! - learn(4_000, truth)[LAST_1H]!)).toBeLessThan(0.2);
  });

  it("gives weights that are numbers, however large or small the roots", () => {
    for (const size of [0, 1e-150, 1e-9, 1e9, 1e100]) {
      const [sums, weights] = [emptySums(FEATURES), belief.slice()];
      const x = new Float64Array(FEATURES).fill(size);
      for (let i = 0; i < 50; i++) learnRow(sums, belief, x, size, size - weigh(weights, x), size + 1e-9, 1);
      settleWeights(sums, 50, weights, belief, LEAD_MS);
      expect([...weights].every(Number.isFinite), `${size}`).toBe(true);
    }
  });
});
