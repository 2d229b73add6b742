import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { highLoad } from "../../../src/sim/traffic/capacity.ts";
import { regionSpecs } from "../../../src/sim/traffic/regions.ts";
import { readTrace, spreadTrace, type Trace, traceRegions } from "../../../src/sim/traffic/trace.ts";

const HEADER = "timestamp,requests";
const csv = (...rows: string[]) => `${[HEADER, ...rows].join("\n")}\n`;
const pool = { app: "shop", processGroup: "app" };
const here = { region: "iad", hoursAhead: 0, weight: 1 };
const total = (values: Float64Array) =>
  values.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0);

describe("readTrace", () => {
  it("takes the most common distance as the bin and leaves missing rows missing", () => {
    const text = csv(
      "2026-01-01T00:00:00Z,5",
      "2026-01-01T00:05:00Z,0",
      "2026-01-01T00:20:00Z,1.5e3",
      "2026-01-01T00:25:00+00:00,7.25",
    );
    expect(readTrace(text)).toEqual({
      stepMs: 5 * MINUTE_MS,
      start: Date.parse("2026-01-01T00:00:00Z"),
      values: new Float64Array([5, 0, Number.NaN, Number.NaN, 1500, 7.25]),
    });
  });

  it("reads DOS line ends, a byte order mark, and a file without a last line end", () => {
    const unix = csv("2026-01-01T00:00:00Z,5", "2026-01-01T00:01:00Z,6");
    expect(readTrace(unix.replaceAll("\n", "\r\n"))).toEqual(readTrace(unix));
    expect(readTrace(`\uFEFF${unix}\n\n`)).toEqual(readTrace(unix));
    expect(readTrace(unix.trimEnd())).toEqual(readTrace(unix));
  });

  const good = ["2026-01-01T00:00:00Z,5", "2026-01-01T00:01:00Z,6"];
  it.each([
    ["an empty file", "", "line 1: the file is empty"],
    ["another header", "time,requests\n", 'line 1: the header is "time,requests"; the first line must be'],
    ["a quoted header", '"timestamp","requests"\n', "line 1: the header is"],
    ["no rows", csv(), "line 1: 0 rows are too few"],
    ["one row", csv(good[0]!), "line 2: 1 rows are too few"],
    ["a third cell", csv(...good, "2026-01-01T00:02:00Z,6,7"), "line 4: "],
    ["a blank line in the middle", csv(good[0]!, "", good[1]!), "line 3: "],
    ["a time without a zone", csv("2026-01-01T00:00:00,5"), 'line 2: "2026-01-01T00:00:00" is not a time'],
    ["a time in another zone", csv("2026-01-01T00:00:00+02:00,5"), "line 2: "],
    ["a day that does not exist", csv("2026-02-30T00:00:00Z,5"), "line 2: "],
    ["a word for a number", csv(...good, "2026-01-01T00:02:00Z,many"), 'line 4: "many" is not a number'],
    ["no number", csv(...good, "2026-01-01T00:02:00Z,"), 'line 4: "" is not a number'],
    ["a hexadecimal number", csv("2026-01-01T00:00:00Z,0x10"), "line 2: "],
    ["an infinite number", csv("2026-01-01T00:00:00Z,1e999"), "line 2: "],
    ["a negative number", csv(...good, "2026-01-01T00:02:00Z,-1"), 'line 4: "-1" is negative'],
    ["a row twice", csv(...good, good[1]!), "line 4: 2026-01-01T00:01:00Z is there twice"],
    ["a row out of order", csv(...good, good[0]!), "line 4: 2026-01-01T00:00:00Z comes after the later"],
    [
      "a row off the grid",
      csv(...good, "2026-01-01T00:02:00Z,1", "2026-01-01T00:02:30Z,1"),
      "line 5: 2026-01-01T00:02:30Z is not on the grid of 60 s",
    ],
    ["a wrong year", csv(...good, "2096-01-01T00:00:00Z,1"), "line 4: 2096-01-01T00:00:00Z is 36"],
  ])("refuses %s with the line", (_name, text, message) => {
    expect(() => readTrace(text, "day.csv")).toThrow(SyntaxError);
    expect(() => readTrace(text, "day.csv")).toThrow(`Cannot read trace day.csv, ${message}`);
  });
});

describe("spreadTrace", () => {
  const trace = (stepMs: number, ...values: number[]): Trace => ({
    stepMs,
    start: Date.parse("2026-01-01T00:00:00Z"),
    values: new Float64Array(values),
  });
  const minutes = (count: number) => trace(MINUTE_MS, ...Array.from({ length: count }, (_, i) => i + 1));

  it("spreads coarse bins evenly and keeps their total and their gaps", () => {
    const { pools } = spreadTrace(trace(5 * MINUTE_MS, 10, Number.NaN, 0), [here], pool);
    const none = new Array(5).fill(Number.NaN);
    expect([...pools[0]!.requests]).toEqual([2, 2, 2, 2, 2, ...none, 0, 0, 0, 0, 0]);
  });

  it("sums fine bins; a minute that misses a part is missing", () => {
    const fine = trace(20_000, 1, 2, 3, 4, Number.NaN, 6, 7, 8, 9);
    expect([...spreadTrace(fine, [here], pool).pools[0]!.requests]).toEqual([6, Number.NaN, 24]);
    const late = { ...fine, start: fine.start + 40_000 };
    const spread = spreadTrace(late, [here], pool);
    expect(spread.start).toBe(fine.start);
    expect([...spread.pools[0]!.requests]).toEqual([Number.NaN, 9, Number.NaN, Number.NaN]);
  });

  it("refuses bins that fit no minute, no regions, bad weights and scales, and regions too far apart", () => {
    expect(() => spreadTrace(trace(45_000, 1, 2), [here], pool)).toThrow("bins of 45 s");
    expect(() => spreadTrace(minutes(9), [], pool)).toThrow("at least one");
    expect(() => spreadTrace(minutes(9), [{ ...here, weight: 0 }], pool)).toThrow("weight 0");
    expect(() => spreadTrace(minutes(9), [here], { ...pool, scale: 0 })).toThrow("above 0");
    expect(() => spreadTrace(minutes(9), [here, { ...here, hoursAhead: 6 }], pool)).toThrow("too far apart");
  });

  it("moves each region in time and keeps the window they share", () => {
    const regions = [
      { region: "iad", hoursAhead: 0, weight: 2 },
      { region: "fra", hoursAhead: 6, weight: 1 },
      { region: "lax", hoursAhead: -3, weight: 1 },
    ];
    const source = minutes(24 * 60);
    const { start, pools } = spreadTrace(source, regions, pool);
    expect(start).toBe(source.start + 3 * HOUR_MS);
    expect(pools.map(({ requests }) => requests.length)).toEqual([900, 900, 900]);
    expect(pools.map(({ requests }) => requests[0]!)).toEqual([181 / 2, 541 / 4, 1 / 4]);
  });

  it("keeps the total: all of it without shifts, each region's window with them", () => {
    const source = minutes(3000);
    const together = spreadTrace(source, [here, { ...here, region: "fra", weight: 3 }], {
      ...pool,
      scale: 2,
    });
    const sums = together.pools.map(({ requests }) => total(requests));
    expect(sums[0]! + sums[1]!).toBeCloseTo(2 * total(source.values), 4);
    expect(sums[1]! / sums[0]!).toBeCloseTo(3, 9);
    const apart = spreadTrace(source, [here, { ...here, region: "fra", hoursAhead: 10 }], pool);
    expect(total(apart.pools[0]!.requests)).toBeCloseTo(total(source.values.slice(0, 2400)) / 2, 4);
    expect(total(apart.pools[1]!.requests)).toBeCloseTo(total(source.values.slice(600)) / 2, 4);
  });

  it("scales to a peak, and places regions by their clocks", () => {
    const scaled = spreadTrace(minutes(3000), [here], { ...pool, peakRequestsPerMinute: 4000 });
    expect(highLoad(scaled)).toBeCloseTo(4000, 6);
    const specs = regionSpecs(["iad", "fra", "syd"]);
    const inJanuary = traceRegions(specs, Date.parse("2026-01-15T00:00:00Z"));
    expect(inJanuary.map(({ hoursAhead }) => hoursAhead)).toEqual([0, 6, 16]);
    const inJuly = traceRegions(specs, Date.parse("2026-07-15T00:00:00Z"));
    expect(inJuly.map(({ hoursAhead }) => hoursAhead)).toEqual([0, 6, 14]);
  });
});

const TRACES = new URL("../../../../shared/traces/", import.meta.url);
const present = existsSync(TRACES);
type Entry = { file: string; step_seconds: number; points: number; start: string };
const entries: Entry[] = present
  ? JSON.parse(readFileSync(new URL("manifest.json", TRACES), "utf8")).series
  : [];

describe.skipIf(!present)(present ? "real traces" : "skipped: ../shared/traces is absent", () => {
  it("are read with the step, the start and the number of points that their manifest states", () => {
    expect(entries.length).toBe(readdirSync(TRACES).filter((file) => file.endsWith(".csv")).length);
    for (const { file, step_seconds, points, start } of entries) {
      const trace = readTrace(readFileSync(new URL(file, TRACES), "utf8"), file);
      expect([file, trace.stepMs, trace.start]).toEqual([file, step_seconds * 1000, Date.parse(start)]);
      expect([file, trace.values.filter((value) => !Number.isNaN(value)).length]).toEqual([file, points]);
    }
  });

  it("keep their load when spread over three regions", () => {
    for (const { file } of entries.filter(
      (entry) => entry.file.startsWith("nasa") || entry.step_seconds > 60,
    )) {
      const trace = readTrace(readFileSync(new URL(file, TRACES), "utf8"), file);
      const regions = traceRegions(regionSpecs(["iad", "fra", "syd"]), trace.start);
      const still = regions.map((region) => ({ ...region, hoursAhead: 0 }));
      const spread = spreadTrace(trace, still, pool).pools.reduce((sum, one) => sum + total(one.requests), 0);
      expect(Math.abs(spread / total(trace.values) - 1)).toBeLessThan(1e-9);
      const moved = spreadTrace(trace, regions, pool);
      const days = (moved.pools[0]!.requests.length * MINUTE_MS) / DAY_MS;
      expect((trace.values.length * trace.stepMs) / DAY_MS - days).toBeCloseTo(
        regions[2]!.hoursAhead / 24,
        2,
      );
    }
  });
});
