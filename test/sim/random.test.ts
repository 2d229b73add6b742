import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/sim/random.ts";

const draws = (seed: number | string, count: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("createRandom", () => {
  it("gives the same sequence for the same seed and another for another", () => {
    expect(draws(7, 20)).toEqual(draws("7", 20));
    expect(draws(7, 20)).not.toEqual(draws(8, 20));
  });

  it("forks by label alone, however far the parent was drawn", () => {
    const parent = createRandom("a");
    const early = parent.fork("boot").next();
    for (let i = 0; i < 100; i++) parent.next();
    expect(parent.fork("boot").next()).toBe(early);
    expect(parent.fork("faults").next()).not.toBe(early);
  });

  it("is uniform, normal, log-normal and Poisson as it says", () => {
    const random = createRandom(1);
    const many = <T>(draw: () => T) => Array.from({ length: 20_000 }, draw);
    expect(mean(many(() => random.next()))).toBeCloseTo(0.5, 1);
    const normal = many(() => random.normal());
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((z) => z * z))).toBeCloseTo(1, 1);
    expect(mean(many(() => Math.log(random.logNormal(2000, 0.3) / 2000)))).toBeCloseTo(0, 2);
    expect(Math.abs(mean(many(() => random.poisson(3))) - 3)).toBeLessThan(0.06);
    expect(Math.abs(mean(many(() => random.poisson(200))) - 200)).toBeLessThan(0.6);
    expect(random.poisson(0)).toBe(0);
  });

  it("includes both ends in int, and refuses to pick from nothing", () => {
    const random = createRandom(2);
    const seen = new Set(Array.from({ length: 200 }, () => random.int(1, 3)));
    expect([...seen].sort()).toEqual([1, 2, 3]);
    expect(random.logNormal(500, 0)).toBe(500);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
