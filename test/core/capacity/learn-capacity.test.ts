import { describe, expect, it } from "vitest";
import {
  decodeCapacity,
  EMPTY_CAPACITY,
  learnCapacity,
  sizeName,
} from "../../../src/core/capacity/learn-capacity.ts";
import { curveOf } from "../../../src/core/capacity/load-levels.ts";
import { NO_MEAN, withValue } from "../../../src/core/capacity/running-mean.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { NOW } from "../examples.ts";
import { SIZE, servedBy, world } from "./queue-world.ts";

const { samples } = world({ days: 2 });

describe("the reducer", () => {
  it("learns each bin once, in whatever portions they come, and leaves the state that it was given", () => {
    const whole = learnCapacity(EMPTY_CAPACITY, samples, servedBy(3));
    const half = learnCapacity(EMPTY_CAPACITY, samples.slice(0, 1_000), servedBy(3));
    const before = JSON.stringify(half);
    // A tick reads a few bins again that it has learned.
    expect(learnCapacity(half, samples.slice(900), servedBy(3))).toEqual(whole);
    expect(JSON.stringify(half)).toBe(before);
    expect(learnCapacity(whole, samples, servedBy(3))).toEqual(whole);
    expect(EMPTY_CAPACITY).toEqual({ v: 1, through: null, sizes: {} });
  });

  it("is JSON of at most 4 KB a size, for two sizes, the newest", () => {
    const wide = world({ days: 20, calm: 0.001, peak: 1.2, noise: 0.5, serviceSeconds: 0.01 });
    let state = learnCapacity(EMPTY_CAPACITY, wide.samples, servedBy(1));
    const text = JSON.stringify(state);
    expect(text.length).toBeLessThan(4_096);
    expect(decodeCapacity(JSON.parse(text))).toEqual(state);
    ["b", "c"].forEach((size, i) => {
      const later = [{ at: NOW + i * MINUTE_MS, requests: 10 }];
      state = learnCapacity(state, later, servedBy(1, size));
    });
    expect(Object.keys(state.sizes)).toEqual(["b", "c"]);
  });

  it("passes over bins of which it is not known what served, and bins without machines", () => {
    const none = learnCapacity(EMPTY_CAPACITY, samples, () => null);
    expect(none.sizes).toEqual({});
    expect(none.through).toBe(samples.at(-1)!.at);
    expect(learnCapacity(EMPTY_CAPACITY, samples, servedBy(0)).sizes).toEqual({});
    const gap = [{ at: NOW, requests: Number.NaN }];
    expect(learnCapacity(EMPTY_CAPACITY, gap, servedBy(1)).sizes).toEqual({});
  });

  it("keeps sizes apart, and reckons bins of any width as minutes", () => {
    const quarter = [{ at: NOW, requests: 1_500, cpu: 0.5 }];
    const state = learnCapacity(EMPTY_CAPACITY, quarter, servedBy(2, "big"), 15 * MINUTE_MS);
    expect(state.sizes.big?.levels["16"]?.load).toEqual([1, 50, 0]);
    expect(state.sizes[SIZE]).toBeUndefined();
  });

  it("begins anew from a state of another version, and from what is no state", () => {
    for (const stored of [null, undefined, "x", 5, {}, { v: 2, through: 1, sizes: {} }, { v: 1 }])
      expect(decodeCapacity(stored)).toEqual(EMPTY_CAPACITY);
  });
});

describe("what is kept", () => {
  it("is a mean that odd values do not move", () => {
    const values = Array.from({ length: 200 }, (_, i) => 0.5 + 0.02 * ((i % 5) - 2));
    const mean = values.reduce((running, value) => withValue(running, value, 0.01), NO_MEAN);
    expect(mean[1]).toBeCloseTo(0.5, 2);
    const shaken = [30, 0, 25].reduce((running, value) => withValue(running, value, 0.01), mean);
    expect(Math.abs(shaken[1] - 0.5)).toBeLessThan(0.01);
  });

  it("begins as the plain mean, whatever the first values", () => {
    const mean = [9, 1, 2].reduce((running, value) => withValue(running, value, 0.01), NO_MEAN);
    expect(mean.slice(0, 2)).toEqual([3, 4]);
  });

  it("fades: what was seen a month ago stands for a quarter", () => {
    const { sizes } = learnCapacity(EMPTY_CAPACITY, samples, servedBy(3));
    const { levels, newest } = sizes[SIZE]!;
    const weight = (now: number) => curveOf(levels, "cpu", now).reduce((sum, level) => sum + level.weight, 0);
    expect(weight(newest + 28 * DAY_MS) / weight(newest)).toBeCloseTo(0.25, 1);
  });
});

it("names a size as Fly does", () => {
  expect(sizeName({ cpuKind: "shared", cpus: 2, memoryMb: 512 })).toBe("shared-2x-512");
  expect(sizeName(null)).toBe("unknown");
});
