/**
 * Against published and independent numbers: Brownlee's stack loss data (K. A. Brownlee, "Statistical Theory and Methodology in
 * Science and Engineering", 1965, p. 454) as R 4.2 solves them, and the textbook recursion that carries the inverse.
 */
import { describe, expect, it } from "vitest";
import {
  addRow,
  diagonal,
  emptySums,
  fade,
  type Sums,
  solve,
} from "../../../src/core/forecast/least-squares.ts";
import { createRandom } from "../../../src/sim/random.ts";

/** Air flow, water temperature, acid concentration; stack loss. */
const STACK: readonly (readonly number[])[] = [
  [80, 27, 89, 42],
  [80, 27, 88, 37],
  [75, 25, 90, 37],
  [62, 24, 87, 28],
  [62, 22, 87, 18],
  [62, 23, 87, 18],
  [62, 24, 93, 19],
  [62, 24, 93, 20],
  [58, 23, 87, 15],
  [58, 18, 80, 14],
  [58, 18, 89, 14],
  [58, 17, 88, 13],
  [58, 18, 82, 11],
  [58, 19, 93, 12],
  [50, 18, 89, 8],
  [50, 18, 86, 7],
  [50, 19, 72, 8],
  [50, 19, 79, 8],
  [50, 20, 80, 9],
  [56, 20, 82, 15],
  [70, 20, 91, 15],
];
const rows = STACK.map(([air = 0, water = 0, acid = 0, loss = 0]) => ({
  x: Float64Array.of(1, air, water, acid),
  y: loss,
}));
const NO_RIDGE = new Float64Array(4);

function expectNear(found: ArrayLike<number> | null, wanted: readonly number[], digits: number): void {
  expect(found).not.toBeNull();
  wanted.forEach((value, j) => {
    expect(found![j], `weight ${j}`).toBeCloseTo(value, digits);
  });
}

describe("stack loss", () => {
  it("is R's lm(stack.loss ~ ., stackloss) without a ridge", () => {
    const sums = emptySums(4);
    for (const { x, y } of rows) addRow(sums, x, y, 1);
    expectNear(solve(sums, NO_RIDGE), [-39.919674420124, 0.715640200485, 1.295286124389, -0.152122519149], 7);
  });

  it("is R's lm with weights 0.9^age where old rows fade", () => {
    const sums = emptySums(4);
    for (const { x, y } of rows) {
      fade(sums, 0.9);
      addRow(sums, x, y, 1);
    }
    expectNear(
      solve(sums, NO_RIDGE),
      [-39.2043011818036, 0.4873140496742, 1.5412479820649, -0.0704924447523],
      7,
    );
  });

  // prior + solve(crossprod(X) + diag(c(0.5, 1, 2, 4)), crossprod(X, y − X prior)) in R.
  it("is R's ridge solution towards a prior of (0, 1, 1, 0)", () => {
    const prior = [0, 1, 1, 0];
    const sums = emptySums(4);
    for (const { x, y } of rows)
      addRow(sums, x, y - x.reduce((sum, value, j) => sum + value * prior[j]!, 0), 1);
    const change = solve(sums, Float64Array.of(0.5, 1, 2, 4))!;
    expectNear(
      change.map((value, j) => value + prior[j]!),
      [-5.210226590816, 0.786603453549, 1.129789781093, -0.562183655561],
      9,
    );
  });
});

/** The recursion of textbooks (Haykin, "Adaptive Filter Theory", RLS): P carries the inverse, forgotten by λ. */
function recursive(data: readonly { x: Float64Array; y: number }[], kept: number, ridge: number): number[] {
  const n = data[0]!.x.length;
  const w = new Array<number>(n).fill(0);
  let p = w.map((_, i) => w.map((_, j) => (i === j ? 1 / ridge : 0)));
  for (const { x, y } of data) {
    const px = p.map((row) => row.reduce((sum, value, j) => sum + value * x[j]!, 0));
    const gain = px.map((value) => value / (kept + x.reduce((sum, xj, j) => sum + xj * px[j]!, 0)));
    const miss = y - x.reduce((sum, xj, j) => sum + xj * w[j]!, 0);
    gain.forEach((value, j) => {
      w[j]! += value * miss;
    });
    p = p.map((row, i) => row.map((value, j) => (value - gain[i]! * px[j]!) / kept));
  }
  return w;
}

describe("recursive least squares", () => {
  const random = createRandom("rls");
  const data = Array.from({ length: 150 }, () => {
    const x = Float64Array.from({ length: 5 }, () => random.normal());
    return { x, y: 3 * x[0]! - 2 * x[3]! + random.normal() };
  });
  const summed = (kept: number): Sums => {
    const sums = emptySums(5);
    for (const { x, y } of data) {
      fade(sums, kept);
      addRow(sums, x, y, 1);
    }
    return sums;
  };

  // There the prior fades with the data: its ridge is worth λⁿ of itself after n rows.
  it.each([1, 0.99, 0.95])("equals the textbook's recursion with λ = %d", (kept) => {
    const ridge = 0.5;
    const extra = new Float64Array(5).fill(ridge * kept ** data.length);
    expectNear(solve(summed(kept), extra), recursive(data, kept, ridge), 8);
  });

  it("does not depend on the order of rows where nothing is forgotten", () => {
    const backwards = emptySums(5);
    for (const { x, y } of [...data].reverse()) addRow(backwards, x, y, 1);
    expectNear(solve(backwards, new Float64Array(5)), [...solve(summed(1), new Float64Array(5))!], 10);
  });

  it("takes a row of weight 3 as three rows", () => {
    const [once, thrice] = [emptySums(5), emptySums(5)];
    for (const { x, y } of data) {
      addRow(once, x, y, 3);
      for (let i = 0; i < 3; i++) addRow(thrice, x, y, 1);
    }
    expectNear(once.gram, [...thrice.gram], 8);
    expectNear(once.moment, [...thrice.moment], 8);
  });
});

describe("what cannot be solved", () => {
  it("is null where two x always move together, and halved between them where a ridge stands by", () => {
    const sums = emptySums(2);
    for (let i = 0; i < 4; i++) addRow(sums, Float64Array.of(2, 2), 8, 1);
    expect(solve(sums, new Float64Array(2))).toBeNull();
    expectNear(solve(sums, Float64Array.of(1e-6, 1e-6)), [2, 2], 6);
  });

  it("is the prior where nothing was seen", () => {
    expectNear(solve(emptySums(3), Float64Array.of(1, 1, 1)), [0, 0, 0], 15);
    expect(solve(emptySums(3), new Float64Array(3))).toBeNull();
  });

  it("leaves the sums as they were", () => {
    const sums = emptySums(4);
    for (const { x, y } of rows) addRow(sums, x, y, 1);
    const before = structuredClone(sums);
    solve(sums, Float64Array.of(1, 2, 3, 4));
    expect(sums).toEqual(before);
    expect(sums.gram[diagonal(1)]).toBe(rows.reduce((sum, { x }) => sum + x[1]! ** 2, 0));
  });
});
