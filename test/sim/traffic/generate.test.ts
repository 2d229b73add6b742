import { describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { suggestRequestsPerMachine } from "../../../src/sim/traffic/capacity.ts";
import { demandAt, demandEnd, sliceDemand } from "../../../src/sim/traffic/demand.ts";
import { type GenerateOptions, generateDemand, happeningsOf } from "../../../src/sim/traffic/generate.ts";
import { PATTERNS, parsePattern } from "../../../src/sim/traffic/patterns.ts";
import { DEFAULT_REGIONS, regionSpecs } from "../../../src/sim/traffic/regions.ts";

const START = Date.parse("2026-03-02T00:00:00Z");
const base: GenerateOptions = { seed: 7, start: START, days: 14, app: "shop", processGroup: "app" };
const generate = (more: Partial<GenerateOptions> = {}) => generateDemand({ ...base, ...more });
const bytes = (values: Float64Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const series = (more: Partial<GenerateOptions>, region = "iad") =>
  generate({ regions: regionSpecs([region]), ...more }).pools[0]!.requests;
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
const highest = (values: Float64Array) =>
  values.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, value)), 0);

describe("generateDemand", () => {
  it("gives identical bytes for one seed and others for another", () => {
    const [one, again, other] = [generate(), generate(), generate({ seed: 8 })];
    one.pools.forEach((pool, i) => {
      expect(bytes(pool.requests).equals(bytes(again.pools[i]!.requests))).toBe(true);
      expect(bytes(pool.requests).equals(bytes(other.pools[i]!.requests))).toBe(false);
    });
  });

  it("gives a region the same series whatever regions stand beside it", () => {
    const all = generate({ regions: regionSpecs(["nrt", "iad", "fra", "syd"]) });
    const alone = series({}, "fra");
    expect(bytes(all.pools[2]!.requests).equals(bytes(alone))).toBe(true);
  });

  it("gives two regions on one clock noise of their own", () => {
    const regions = ["one", "two"].map((region) => ({ region, timeZone: "UTC", weight: 1 }));
    const [one, two] = generate({ regions, days: 1, patterns: ["steady"] }).pools;
    const same = one!.requests.filter((value, i) => value === two!.requests[i]).length;
    expect(same).toBeLessThan(100);
  });

  it("moves a pool of 500 requests a machine between 1 and about 8 machines", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const busiest = highest(generate({ seed }).pools[0]!.requests) / 500;
      expect(busiest).toBeGreaterThan(5);
      expect(busiest).toBeLessThan(10);
      for (const { requests } of generate({ seed, patterns: ["weekly"] }).pools) {
        expect(requests.filter((value) => value < 500).length).toBeGreaterThan(requests.length / 10);
      }
    }
  });

  it("counts whole requests and gives one value a minute", () => {
    const demand = generate({ days: 1.5 });
    expect(demand.pools.map((pool) => pool.region)).toEqual(DEFAULT_REGIONS.map((spec) => spec.region));
    for (const { requests } of demand.pools) {
      expect(requests.length).toBe(2160);
      expect(requests.every((value) => Number.isNaN(value) || (Number.isInteger(value) && value >= 0))).toBe(
        true,
      );
    }
    expect(demandEnd(demand)).toBe(START + 1.5 * DAY_MS);
  });

  it("generates every pattern for a single hour too", () => {
    for (const pattern of PATTERNS) {
      const demand = generate({ days: 1 / 24, patterns: [pattern] });
      expect(demand.pools[0]!.requests.length).toBe(60);
      expect(sum(demand.pools[0]!.requests.filter((value) => !Number.isNaN(value)))).toBeGreaterThan(0);
    }
  });

  it("refuses a start off the minute, no days, an unknown pattern, and an unknown or doubled region", () => {
    expect(() => generate({ start: START + 1 })).toThrow("whole minute");
    expect(() => generate({ days: 0 })).toThrow("number above 0");
    expect(() => generate({ regions: [{ region: "iad", timeZone: "UTC", weight: 0 }] })).toThrow("weight 0");
    expect(() => parsePattern("spiky")).toThrow('no traffic pattern "spiky"; choose one of steady, daily');
    expect(() => regionSpecs(["xyz"])).toThrow('"xyz"');
    expect(() => regionSpecs(["iad", "iad"])).toThrow("twice");
    expect(() => series({ regions: [{ region: "x", timeZone: "Mars/Base", weight: 1 }] })).toThrow(
      "Mars/Base",
    );
  });
});

describe("the patterns", () => {
  it("steady stays within noise of its level, with more spread than counting alone", () => {
    const values = series({ patterns: ["steady"] });
    const mean = sum(values) / values.length;
    const deviation = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
    expect(mean).toBeGreaterThan(1140);
    expect(mean).toBeLessThan(1260);
    expect(deviation).toBeGreaterThan(1.5 * Math.sqrt(mean));
    expect(deviation).toBeLessThan(0.15 * mean);
  });

  it("noise is correlated from minute to minute", () => {
    const values = series({ patterns: ["steady"] });
    const mean = sum(values) / values.length;
    let together = 0;
    for (let i = 10; i < values.length; i++) together += (values[i]! - mean) * (values[i - 10]! - mean);
    expect(together / sum(values.map((value) => (value - mean) ** 2))).toBeGreaterThan(0.4);
  });

  it("daily repeats without a weekend, weekly drops on Saturday and Sunday", () => {
    const dayTotals = (pattern: "daily" | "weekly") => {
      const values = series({ patterns: [pattern], regions: [{ region: "x", timeZone: "UTC", weight: 1 }] });
      return Array.from({ length: 7 }, (_, day) => sum(values.slice(day * 1440, (day + 1) * 1440)));
    };
    const [monday, , , , , saturday, sunday] = dayTotals("weekly") as [number, ...number[]];
    expect(saturday! / monday).toBeGreaterThan(0.55);
    expect(saturday! / monday).toBeLessThan(0.8);
    expect(sunday!).toBeLessThan(saturday!);
    const [first, , , , , sixth] = dayTotals("daily") as [number, ...number[]];
    expect(Math.abs(sixth! / first - 1)).toBeLessThan(0.15);
  });

  it("growth ends higher than it began, against the same weeks without it", () => {
    const growing = series({ patterns: ["growth"], days: 28 });
    const plain = series({ patterns: ["weekly"], days: 28 });
    const firstWeek = sum(growing.slice(0, 10080)) / sum(plain.slice(0, 10080));
    const lastWeek = sum(growing.slice(-10080)) / sum(plain.slice(-10080));
    expect(lastWeek / firstWeek).toBeGreaterThan(1.1);
    expect(lastWeek / firstWeek).toBeLessThan(1.22);
  });

  it("a flash crowd at least adds half a peak within five minutes and is gone two hours later", () => {
    const [crowd] = happeningsOf({ ...base, patterns: ["flash-crowd"] });
    const values = series({ patterns: ["flash-crowd"] });
    const plain = series({ patterns: ["weekly"] });
    const at = (crowd!.from - START) / MINUTE_MS;
    expect(at).toBeGreaterThan(7 * 1440);
    expect(values[at - 1]).toBe(plain[at - 1]);
    expect(values[at + 5]! - plain[at + 5]!).toBeGreaterThan(800);
    expect(Math.abs(values[at + 120]! - plain[at + 120]!)).toBeLessThan(0.15 * plain[at + 120]! + 60);
  });

  it("a launch is a step that wears off to a higher level", () => {
    const [launch] = happeningsOf({ ...base, days: 28, patterns: ["launch"] });
    const values = series({ patterns: ["launch"], days: 28 });
    const plain = series({ patterns: ["weekly"], days: 28 });
    const at = (launch!.from - START) / MINUTE_MS;
    const lift = (from: number, until: number) =>
      sum(values.slice(from, until)) / sum(plain.slice(from, until));
    expect(lift(0, at)).toBe(1);
    expect(lift(at, at + 180)).toBeGreaterThan(1.2);
    expect(lift(-1440, values.length)).toBeGreaterThan(1.05);
    expect(lift(-1440, values.length)).toBeLessThan(1.2);
  });

  it("an outage is recorded as zeros in every region at once, a gap as nothing in one region", () => {
    const demand = generate();
    const happenings = happeningsOf(base);
    const outage = happenings.find(({ kind }) => kind === "outage")!;
    const gaps = happenings.filter(({ kind }) => kind === "gap");
    expect(happenings.filter(({ region }) => region === null).map(({ kind }) => kind)).toEqual([
      "launch",
      "outage",
      "flash-crowd",
    ]);
    expect(outage.until - outage.from).toBeGreaterThanOrEqual(20 * MINUTE_MS);
    for (const { region, requests } of demand.pools) {
      const down = requests.slice((outage.from - START) / MINUTE_MS, (outage.until - START) / MINUTE_MS);
      expect(down.every((value) => value === 0 || Number.isNaN(value))).toBe(true);
      const missing = new Set<number>();
      for (const gap of gaps.filter((one) => one.region === region)) {
        for (let at = gap.from; at < gap.until; at += MINUTE_MS) missing.add((at - START) / MINUTE_MS);
      }
      expect(missing.size).toBeGreaterThan(0);
      requests.forEach((value, i) => {
        expect(Number.isNaN(value)).toBe(missing.has(i));
      });
    }
  });

  it("happenings can be kept out of the history", () => {
    const happeningsFrom = START + 12 * DAY_MS;
    const drawn = happeningsOf({ ...base, happeningsFrom }).filter(({ region }) => region === null);
    expect(drawn).toHaveLength(3);
    for (const { from, until } of drawn) {
      expect(from).toBeGreaterThanOrEqual(happeningsFrom);
      expect(until).toBeLessThanOrEqual(START + 14 * DAY_MS);
    }
  });
});

describe("days of 23 and 25 hours in Europe/Berlin", () => {
  /** Mean load at each UTC hour of a UTC day, over seeds, so that noise averages out. */
  const hourly = (day: string) => {
    const start = Date.parse(`${day}T00:00:00Z`);
    const hours = new Float64Array(24);
    for (let seed = 0; seed < 12; seed++) {
      const values = series({ seed, start, days: 1, patterns: ["daily"] }, "fra");
      values.forEach((value, minute) => {
        hours[Math.floor(minute / 60)]! += value / 60 / 12;
      });
    }
    return hours;
  };
  const largestChange = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from({ length: Math.min(a.length, b.length) }, (_, i) => Math.abs(a[i]! / b[i]! - 1)).reduce(
      (most, change) => Math.max(most, change),
      0,
    );

  it.each([
    ["summer time begins", "2026-03-27", "2026-03-29", 1],
    ["summer time ends", "2026-10-23", "2026-10-25", -1],
  ])("%s: the evening keeps its hour on the wall", (_name, before, change, earlierHours) => {
    const ordinary = hourly(before);
    const changed = hourly(change);
    const after = hourly(new Date(Date.parse(change) + DAY_MS).toISOString().slice(0, 10));
    // From 01:00 UTC on, the wall shows one hour more (spring) or less (autumn) than the ordinary day did.
    const evening = ordinary.slice(8 + earlierHours, 22 + earlierHours);
    expect(largestChange(changed.slice(8, 22), evening)).toBeLessThan(0.12);
    expect(largestChange(after.slice(8, 22), evening)).toBeLessThan(0.12);
    expect(largestChange(changed.slice(8, 22), ordinary.slice(8, 22))).toBeGreaterThan(0.2);
    expect(changed[0]! / ordinary[0]!).toBeGreaterThan(0.88);
    expect(changed[0]! / ordinary[0]!).toBeLessThan(1.12);
  });
});

describe("demandAt and sliceDemand", () => {
  const demand = generate({ days: 2, patterns: ["gaps"] });
  const lookup = demandAt(demand);

  it("answers for the minute an instant lies in, and null for a gap, another pool or another time", () => {
    const { region, requests } = demand.pools[1]!;
    const gap = requests.findIndex((value) => Number.isNaN(value));
    expect(lookup("shop", "app", region, START + 61_500)).toBe(requests[1]);
    expect(lookup("shop", "app", region, START + gap * MINUTE_MS)).toBeNull();
    expect(lookup("shop", "web", region, START)).toBeNull();
    expect(lookup("shop", "app", region, START - 1)).toBeNull();
    expect(lookup("shop", "app", region, START + 2 * DAY_MS)).toBeNull();
  });

  it("cuts a window and keeps the minutes where they were", () => {
    const cut = sliceDemand(demand, START + HOUR_MS, START + 3 * HOUR_MS);
    expect(cut.start).toBe(START + HOUR_MS);
    expect(cut.pools[0]!.requests).toEqual(demand.pools[0]!.requests.slice(60, 180));
    expect(sliceDemand(demand, START - DAY_MS, START + 99 * DAY_MS)).toEqual(demand);
  });

  it("suggests a round capacity that puts the busiest pool at about eight machines", () => {
    const pool = { app: "a", processGroup: "p", region: "r" };
    const of = (...values: number[]) =>
      suggestRequestsPerMachine({
        start: 0,
        binMs: 60_000,
        pools: [{ ...pool, requests: new Float64Array(values) }],
      });
    expect(of(10, 400, Number.NaN)).toBe(50);
    expect(of(4000)).toBe(500);
    expect(of(8400)).toBe(1200);
    expect(of(80)).toBe(10);
    expect(of(3)).toBe(1);
    expect(of(Number.NaN)).toBe(1);
  });
});
