import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "../../src/core/time.ts";
import { measuredUntil, peakBetween, seriesSince, toSeries } from "../../src/core/traffic.ts";
import { minutesBefore, NOW } from "./examples.ts";

const GAP = Number.NaN;
const START = NOW - 5 * MINUTE_MS;
const series = minutesBefore(NOW, [3, GAP, 0, 7, GAP]);

describe("toSeries", () => {
  it("lays samples on the grid and leaves gaps where nothing was measured", () => {
    const samples = [0, 2, 3].map((minute) => ({ at: START + minute * MINUTE_MS, requests: minute * 10 }));
    expect(toSeries(samples, START, NOW, MINUTE_MS)).toEqual({
      start: START,
      binMs: MINUTE_MS,
      values: [0, GAP, 20, 30, GAP],
    });
  });

  it("drops what lies outside, and takes the later of two for one bin", () => {
    const at = (minute: number, requests: number) => ({ at: START + minute * MINUTE_MS, requests });
    const samples = [at(-1, 9), at(0, 1), at(5, 9), at(0.5, 2), at(4.99, 5)];
    expect(toSeries(samples, START, NOW, MINUTE_MS).values).toEqual([2, GAP, GAP, GAP, 5]);
  });

  it("is empty where the window is", () => {
    expect(toSeries([], NOW, NOW, MINUTE_MS).values).toEqual([]);
    expect(toSeries([], NOW, START, MINUTE_MS).values).toEqual([]);
  });
});

describe("measuredUntil", () => {
  it("is the end of the newest measured bin, a measured zero included", () => {
    expect(measuredUntil(series)).toBe(NOW - MINUTE_MS);
    expect(measuredUntil(minutesBefore(NOW, [0, GAP]))).toBe(NOW - MINUTE_MS);
  });

  it("is null where all is gap, or nothing", () => {
    expect(measuredUntil(minutesBefore(NOW, [GAP, GAP]))).toBeNull();
    expect(measuredUntil(minutesBefore(NOW, []))).toBeNull();
  });
});

describe("peakBetween", () => {
  it.each([
    ["everything", -5, 0, 7],
    ["a measured zero", -3, -2, 0],
    ["a gap alone", -4, -3, null],
    ["a gap beside a value", -5, -3, 3],
    ["a part of a bin", -2.5, -2, 0],
    ["nothing after the end", 0, 5, null],
    ["nothing before the start", -10, -5, null],
    ["from before the start into it", -10, -4, 3],
    ["an empty window", -2, -2, null],
  ])("finds %s", (_name, from, until, peak) => {
    expect(peakBetween(series, NOW + from * MINUTE_MS, NOW + until * MINUTE_MS)).toBe(peak);
  });
});

describe("seriesSince", () => {
  it("keeps bins that begin at or after the instant", () => {
    expect(seriesSince(series, NOW - 2 * MINUTE_MS)).toEqual(minutesBefore(NOW, [7, GAP]));
    expect(seriesSince(series, NOW - 2.5 * MINUTE_MS)).toEqual(minutesBefore(NOW, [7, GAP]));
  });

  it("keeps all of it from before its start and nothing from after its end", () => {
    expect(seriesSince(series, START - 60 * MINUTE_MS)).toEqual(series);
    expect(seriesSince(series, NOW + 60 * MINUTE_MS)).toEqual(minutesBefore(NOW, []));
  });
});
