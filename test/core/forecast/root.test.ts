import { expect, it } from "vitest";
import { loadOf, rootOf } from "../../../src/core/forecast/root.ts";

it("takes cube roots, and gives the load back", () => {
  expect([0, 1, 8, 27, 1e6, 1e15].map(rootOf)).toEqual([0, 1, 2, 3, 100, 1e5]);
  for (const load of [1e-12, 0.3, 5, 777, 1e9]) expect(loadOf(rootOf(load)) / load).toBeCloseTo(1, 12);
});

it("knows no load below zero", () => {
  expect([rootOf(-8), rootOf(-0), loadOf(-2), loadOf(-1e-9)]).toEqual([0, 0, 0, 0]);
});

it("keeps every quantile where it is, and moves the mean: the reason why only quantiles leave the scale", () => {
  const loads = [0, 1, 8, 27, 1_000];
  const roots = loads.map(rootOf);
  expect(loadOf(roots[2]!)).toBe(loads[2]);
  const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(loadOf(meanOf(roots))).toBeLessThan(meanOf(loads) / 5);
});
