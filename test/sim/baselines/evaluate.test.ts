import { describe, expect, it } from "vitest";
import { evaluate } from "../../../src/sim/baselines/evaluate.ts";

const series = (...values: number[]) => new Float64Array(values);
const wishes = (...values: number[]) => new Int32Array(values);
const rules = { requestsPerMachine: 10, bootMinutes: 2, min: 1, max: 5 };

describe("evaluate", () => {
  it("bills a machine from the minute it is asked for and lets it serve after the boot", () => {
    // minute      0   1   2   3   4
    // billed      1   3   3   3   3
    // serving     1   1   1   3   3
    expect(evaluate(series(10, 25, 30, 30, 5), wishes(1, 3, 3, 3, 3), rules)).toEqual({
      machineMinutes: 13,
      shortMinutes: 2,
      unservedRequests: 15 + 20,
      actions: 1,
      min: 1,
      mean: 13 / 5,
      peak: 3,
    });
  });

  it("removes at once, those that boot first and of them the youngest", () => {
    // billed      2   3   4   3   2   1
    // serving     2   2   2   3   2   1
    const result = evaluate(series(30, 30, 30, 30, 30, 30), wishes(2, 3, 4, 3, 2, 1), rules);
    expect(result.machineMinutes).toBe(15);
    expect(result.unservedRequests).toBe(10 + 10 + 10 + 0 + 10 + 20);
    expect(result.actions).toBe(5);
  });

  it("forgets a boot that was called off", () => {
    const result = evaluate(series(10, 10, 10, 20), wishes(1, 2, 1, 2), rules);
    expect([result.shortMinutes, result.unservedRequests]).toEqual([1, 10]);
  });

  it("neither bills nor scores minutes that were not recorded, but boots through them", () => {
    const result = evaluate(series(10, Number.NaN, Number.NaN, 30), wishes(1, 3, 3, 3), rules);
    expect(result).toMatchObject({
      machineMinutes: 4,
      shortMinutes: 0,
      actions: 1,
      min: 1,
      mean: 2,
      peak: 3,
    });
    const nothing = evaluate(series(Number.NaN), wishes(3), rules);
    expect(nothing).toMatchObject({ machineMinutes: 0, min: 0, mean: 0, peak: 0 });
  });

  it("starts settled, or with the machines it is told", () => {
    expect(evaluate(series(30), wishes(3), rules).shortMinutes).toBe(0);
    const told = evaluate(series(30, 30, 30), wishes(3, 3, 3), { ...rules, startMachines: 1 });
    expect([told.shortMinutes, told.machineMinutes, told.actions]).toEqual([2, 9, 1]);
  });

  it("brings wishes within min and max, and boots at once where booting takes no time", () => {
    const result = evaluate(series(10, 90, 10), wishes(0, 9, -1), { ...rules, bootMinutes: 0 });
    expect(result).toMatchObject({ machineMinutes: 7, unservedRequests: 40, min: 1, peak: 5, actions: 2 });
  });

  it("does not call a rounding error short", () => {
    expect(evaluate(series(0.1 * 3), wishes(3), { ...rules, requestsPerMachine: 0.1 }).shortMinutes).toBe(0);
  });

  it("refuses what cannot be", () => {
    expect(() => evaluate(series(1, 2), wishes(1), rules)).toThrow("1 wishes on 2 minutes");
    expect(() => evaluate(series(1), wishes(1), { ...rules, bootMinutes: 0.5 })).toThrow("0.5 minutes");
    expect(() => evaluate(series(1), wishes(1), { ...rules, min: 6 })).toThrow("min 6 and max 5");
    expect(() => evaluate(series(1), wishes(1), { ...rules, requestsPerMachine: 0 })).toThrow(
      "must be above 0",
    );
  });
});
