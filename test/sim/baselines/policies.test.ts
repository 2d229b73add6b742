import { describe, expect, it } from "vitest";
import { alwaysAtPeak } from "../../../src/sim/baselines/always-at-peak.ts";
import { reactive } from "../../../src/sim/baselines/reactive.ts";

const none = Number.NaN;
const series = (...values: number[]) => new Float64Array(values);
const bounds = { requestsPerMachine: 10, min: 1, max: 5 };

describe("alwaysAtPeak", () => {
  it("holds what the busiest minute needs, within min and max", () => {
    expect([...alwaysAtPeak(series(none, 5, 31, none), bounds)]).toEqual([4, 4, 4, 4]);
    expect([...alwaysAtPeak(series(5, 999), bounds)]).toEqual([5, 5]);
    expect([...alwaysAtPeak(series(none, 0), { ...bounds, min: 2 })]).toEqual([2, 2]);
    expect([...alwaysAtPeak(series(), bounds)]).toEqual([]);
  });
});

describe("reactive", () => {
  it("names what the last minute needed", () => {
    const desired = reactive(series(15, 30, 5, 0, 99), { ...bounds, everyMinutes: 1 });
    expect([...desired]).toEqual([2, 2, 3, 1, 1]);
  });

  it("looks only every few minutes and holds in between", () => {
    const desired = reactive(series(10, 20, 30, 40, 50, 10), { ...bounds, everyMinutes: 3 });
    expect([...desired]).toEqual([1, 1, 1, 3, 3, 3]);
  });

  it("keeps the last recorded minute through a gap, and min where nothing was recorded yet", () => {
    expect([...reactive(series(10, 25, none, none, 5), { ...bounds, everyMinutes: 1 })]).toEqual([
      1, 1, 3, 3, 3,
    ]);
    expect([...reactive(series(none, none, 25, 5), { ...bounds, everyMinutes: 1 })]).toEqual([1, 1, 1, 3]);
  });

  it("keeps room where a target use below 1 is asked for, and stays within max", () => {
    const desired = reactive(series(10, 10, 45, 45), { ...bounds, everyMinutes: 1, targetUse: 0.5 });
    expect([...desired]).toEqual([2, 2, 2, 5]);
    expect(() => reactive(series(1), { ...bounds, everyMinutes: 0 })).toThrow("every 0 minutes");
  });
});
