import { describe, expect, it } from "vitest";
import { interpolateQuantile } from "../../src/core/quantile.ts";

describe("interpolateQuantile", () => {
  const at = (quantile: number) => interpolateQuantile([0.1, 0.5, 0.9], [10, 20, 60], quantile);

  it("meets the known points and goes straight between them", () => {
    expect([0.1, 0.5, 0.9].map(at)).toEqual([10, 20, 60]);
    expect(at(0.3)).toBeCloseTo(15, 9);
    expect(at(0.8)).toBeCloseTo(50, 9);
  });

  it("holds the ends", () => {
    expect([at(0.01), at(0.99)]).toEqual([10, 60]);
  });

  it("needs no more than one point", () => {
    expect([0.1, 0.9].map((quantile) => interpolateQuantile([0.5], [7], quantile))).toEqual([7, 7]);
  });
});
