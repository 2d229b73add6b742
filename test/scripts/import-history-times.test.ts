import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layoutOf } from "../../scripts/import-history/columns.ts";
import { instantsOf, nearestTo } from "../../scripts/import-history/local-time.ts";
import { type ImportOptions, readOptions } from "../../scripts/import-history/options.ts";
import { readTime } from "../../scripts/import-history/read-time.ts";
import { rowReader } from "../../scripts/import-history/rows.ts";
import { formatInstant, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { zoneOffsetMs } from "../../src/core/zone.ts";

const BERLIN = "Europe/Berlin";
const read = (text: string, zone: string | null = null) => {
  const time = readTime(text, zone);
  return "reason" in time ? time.reason : time.instants.map(formatInstant).join(" or ");
};
const options = (...args: string[]) => readOptions(["x.csv", ...args]) as ImportOptions;

describe("times", () => {
  test("with an offset, in the ways that exports write it", () => {
    const all = [
      ...[
        "2026-03-02T09:00:00Z",
        "2026-03-02t09:00:00z",
        "2026-03-02 09:00:00+00",
        "2026-03-02 09:00:00 UTC",
      ],
      ...["2026-03-02T10:00:00+01:00", "2026-03-02T03:30:00.000-0530", "2026-03-02T09:00Z", "1772442000"],
      ...["1772442000000", "1772442000.000", "1.772442e9"],
    ];
    expect(all.map((text) => [text, read(text)])).toEqual(all.map((text) => [text, "2026-03-02T09:00:00Z"]));
    expect(read("2026-03-02T09:00:00.123456Z")).toBe("2026-03-02T09:00:00.123Z");
    expect(read("2026-03-02T24:00:00Z")).toBe("2026-03-03T00:00:00Z");
  });

  test("what is no time is refused, and never carried over into another day", () => {
    const nonsense = ["tomorrow", "20260302", "03/02/2026 09:00", "2026-03-02T9:00Z", "-1772442000", "1e400"];
    for (const text of nonsense)
      expect([text, read(text)]).toEqual([text, expect.stringMatching(/is no time/)]);
    for (const text of [
      "2026-02-30T09:00:00Z",
      "2026-13-01T09:00:00Z",
      "2026-03-02T25:00:00Z",
      "2026-03-02T09:60:00Z",
    ])
      expect([text, read(text)]).toEqual([text, expect.stringMatching(/does not exist$/)]);
    expect(read("")).toBe("at is missing");
    expect(read("2026-03-02 09:00:00")).toMatch(/does not tell its time zone; give --time-zone/);
  });

  test("local ones: an hour that does not exist, one that comes twice, and zones with odd offsets", () => {
    expect(read("2026-03-02 09:00:00", BERLIN)).toBe("2026-03-02T08:00:00Z");
    expect(read("2026-07-02", BERLIN)).toBe("2026-07-01T22:00:00Z");
    expect(read("2026-03-29 02:30:00", BERLIN)).toMatch(/does not exist in Europe\/Berlin/);
    expect(read("2026-10-25 02:30:00", BERLIN)).toBe("2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z");
    expect(read("2026-10-25T02:30:00+01:00", BERLIN)).toBe("2026-10-25T01:30:00Z");
    expect(read("2026-04-05 01:45", "Australia/Lord_Howe")).toBe(
      "2026-04-04T14:45:00Z or 2026-04-04T15:15:00Z",
    );
    expect(read("2026-03-02 09:00", "Asia/Kathmandu")).toBe("2026-03-02T03:15:00Z");
  });

  test("each instant is among those of its own wall time", () => {
    const zones = fc.constantFrom(BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC");
    const minutes = fc
      .integer({ min: 0, max: 366 * 24 * 60 })
      .map((n) => Date.UTC(2026, 0, 1) + n * MINUTE_MS);
    fc.assert(
      fc.property(zones, minutes, (zone, instant) => {
        expect(instantsOf(zone, instant + zoneOffsetMs(zone, instant))).toContain(instant);
      }),
    );
  });
});

describe("rows of the night when clocks go back", () => {
  /** Reads wall times of Berlin back into instants, pools by turns. */
  const readAll = (instants: readonly number[], binSeconds = "60", pools = ["fra"]) => {
    const settings = options("--app", "shop", "--time-zone", BERLIN, "--bin-seconds", binSeconds);
    const row = rowReader(layoutOf(["at", "region", "requests"], settings), settings);
    const wall = (at: number) => formatInstant(at + zoneOffsetMs(BERLIN, at)).slice(0, -1);
    return instants.flatMap((at) =>
      pools.map((region) => {
        const answer = row({ line: 1, cells: [wall(at), region, "1"] });
        return "at" in answer ? answer.at : answer.reason;
      }),
    );
  };
  const from = Date.UTC(2026, 9, 24, 20);
  const every = (stepMs: number) =>
    Array.from({ length: (12 * HOUR_MS) / stepMs }, (_, i) => from + i * stepMs);

  test.each([
    ["a minute", MINUTE_MS, "60"],
    ["five minutes", 5 * MINUTE_MS, "300"],
    ["an hour", HOUR_MS, "3600"],
    ["20 seconds", MINUTE_MS / 3, "20"],
  ])("each in its own hour, forwards and backwards, at bins of %s", (_, stepMs, binSeconds) => {
    expect(readAll(every(stepMs), binSeconds)).toEqual(every(stepMs));
    const backwards = every(stepMs).reverse();
    expect(readAll(backwards, binSeconds)).toEqual(backwards);
  });

  test("pools by turns do not confuse each other, nor do several rows of one instant", () => {
    const twice = every(MINUTE_MS).flatMap((at) => [at, at]);
    expect(readAll(every(MINUTE_MS), "60", ["fra", "iad"])).toEqual(twice);
    expect(readAll(twice, "1")).toEqual(twice);
  });

  test("alone, it is the first of the two", () => {
    expect(nearestTo(null, [1, 2])).toBe(1);
    expect(nearestTo(Date.UTC(2026, 0, 1), instantsOf(BERLIN, Date.UTC(2026, 9, 25, 2, 30)))).toBe(
      Date.UTC(2026, 9, 25, 0, 30),
    );
  });
});

describe("columns", () => {
  test("are found by their own name however it is spelled, or by the given one", () => {
    const header = ["At", "processGroup", "p95 latency (ms)", "Requests", "status", "app", "Region"];
    const layout = layoutOf(header, options());
    expect(Object.fromEntries(layout.places)).toEqual({
      ...{ at: 0, app: 5, region: 6, process_group: 1, requests: 3, p95_latency_ms: 2 },
    });
    expect(layout.ignored).toEqual(["status"]);
    const mapped = layoutOf(
      ["timestamp", "hits", "at"],
      options("--columns", "at=timestamp,requests=hits", "--app", "a", "--region", "fra"),
    );
    expect(Object.fromEntries(mapped.places)).toEqual({ at: 0, requests: 1 });
  });

  test("that are missing are said, with what there is and what to do", () => {
    const faults: [string[], string[], RegExp][] = [
      [
        ["time", "requests"],
        [],
        /There is no column at\. The header has: time, requests\. Say .* --columns at=…$/,
      ],
      [["at", "requests"], [], /There is no column app.*--columns app=…, or give --app/],
      [["at;requests"], [], /no column at \(are cells separated otherwise\? --delimiter ';'\)/],
      [["at", "at", "requests"], [], /There are 2 columns at/],
      [
        ["at", "requests"],
        ["--columns", "requests=hits"],
        /--columns requests=hits: the file has no column of that name/,
      ],
    ];
    for (const [header, args, why] of faults) expect(() => layoutOf(header, options(...args))).toThrow(why);
  });

  test("options that make no sense are refused", () => {
    const faults: [string[], RegExp][] = [
      [["--columns", "when=timestamp"], /--columns has "when=timestamp"/],
      [["--columns", "at=a,at=b"], /names at twice/],
      [["--bin-seconds", "90"], /give a divisor of 60, or a multiple of 60/],
      [["--time-zone", "Berlin"], /--time-zone is "Berlin"/],
      [["--delimiter", "::"], /--delimiter is "::"/],
      [["other.csv"], /"other\.csv" is too much/],
    ];
    for (const [args, why] of faults) expect(() => options(...args)).toThrow(why);
  });
});
