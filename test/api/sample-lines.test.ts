import { describe, expect, test } from "vitest";
import type { Problem } from "../../src/api/problem.ts";
import { readSamples, SAMPLES_LIMIT } from "../../src/api/sample-lines.ts";
import { DAY_MS, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { NOW } from "../core/examples.ts";

const RULES = { binMs: MINUTE_MS, maxAgeMs: 30 * DAY_MS };
const ANYONE = { tokenId: "1", scopes: ["ingest"], apps: null };
const sample = (more: Record<string, unknown> = {}) => ({
  app: "shop",
  region: "fra",
  at: formatInstant(NOW),
  requests: 1,
  ...more,
});
const read = (body: unknown, caller: Parameters<typeof readSamples>[2] = ANYONE) =>
  readSamples(typeof body === "string" ? body : JSON.stringify(body), RULES, caller, NOW);
const reasonOf = (more: Record<string, unknown>) => read([sample(more)]).refused[0]?.reason;

describe("the two forms", () => {
  test("an array and lines read the same", () => {
    const list = [sample(), sample({ processGroup: "web", cpu: 0.5 })];
    const asArray = read(list);
    expect(asArray.samples).toEqual([
      { pool: { app: "shop", region: "fra", processGroup: "app" }, at: NOW, requests: 1 },
      { pool: { app: "shop", region: "fra", processGroup: "web" }, at: NOW, requests: 1, cpu: 0.5 },
    ]);
    const lines = list.map((one) => JSON.stringify(one));
    for (const text of [lines.join("\n"), `${lines.join("\r\n")}\r\n`, `\n\n${lines.join("\n\n")}\n `])
      expect(read(text)).toEqual(asArray);
  });

  test("one object is one line; an empty array is nothing", () => {
    expect(read(sample()).samples).toHaveLength(1);
    expect(read("[]")).toEqual({ samples: [], indexes: [], refused: [] });
  });

  test.each(["", " \n", "5", '"x"', "null", "app,at\nshop,1"])("%j is neither", (text) => {
    expect(() => read(text)).toThrow(/holds no samples; send a JSON array/);
  });

  test("a broken array is a problem of the whole, a broken line one of its own", () => {
    expect(() => read(`[${JSON.stringify(sample())},`)).toThrow(/not JSON/);
    const { samples, indexes, refused } = read(
      `${JSON.stringify(sample())}\n{"a"\n[1]\n${JSON.stringify(sample())}`,
    );
    expect([samples.length, indexes]).toEqual([2, [0, 3]]);
    expect(refused.map(({ index, reason }) => [index, reason])).toEqual([
      [1, "not JSON"],
      [2, expect.stringMatching(/expected object/)],
    ]);
  });

  test("lines are counted while they are cut, empty ones for nothing", () => {
    const [line, empty] = [JSON.stringify(sample()), "\n \r\n".repeat(100_000)];
    expect(read(`${line}${empty}${line}`).samples).toHaveLength(2);
    expect(() => read("{\n".repeat(2_000_000))).toThrow(/^Over 5000 samples/);
  });

  test("as many as the limit, and not one more", () => {
    const many = Array.from({ length: SAMPLES_LIMIT + 1 }, () => sample());
    expect(read(many.slice(1)).samples).toHaveLength(SAMPLES_LIMIT);
    try {
      read(many);
      expect.unreachable();
    } catch (error) {
      expect([(error as Problem).status, (error as Problem).message]).toEqual([
        413,
        "Over 5000 samples in one request; send them in parts",
      ]);
    }
  });
});

describe("a sample is refused", () => {
  test("for its time: between bins, ahead, too old; the edges are kept", () => {
    const at = (instant: number) => reasonOf({ at: new Date(instant).toISOString() });
    expect(at(NOW + 1)).toBe("at must be the start of a bin of 60 s");
    expect(at(NOW + 2 * MINUTE_MS)).toBeUndefined();
    expect(at(NOW + 3 * MINUTE_MS)).toBe("at is in the future; it is 2026-06-17T12:00:00Z now");
    expect(at(NOW - 30 * DAY_MS)).toBeUndefined();
    expect(at(NOW - 30 * DAY_MS - MINUTE_MS)).toBe("at is older than 30 days");
    expect(reasonOf({ at: "2026-06-17T14:00:00+02:00" })).toBeUndefined();
  });

  test.each([
    ["at", NOW],
    ["at", "2026-06-17"],
    ["at", "2026-06-17T12:00:00"],
    ["at", "2026-02-30T12:00:00Z"],
    ["requests", -1],
    ["requests", "1"],
    ["requests", null],
    ["requests", 1e13],
    ["cpu", 1.01],
    ["memory", -0.1],
    ["errors", Number.MAX_VALUE],
    ["app", ""],
    ["app", "x".repeat(64)],
    ["region", "x".repeat(17)],
    ["processGroup", 5],
  ])("%s of %j", (field, value) => {
    expect(reasonOf({ [field]: value })).toMatch(new RegExp(`^${field}: `));
  });

  test("for fields that nobody knows, those that mean something to JavaScript included", () => {
    expect(reasonOf({ load: 1 })).toMatch(/load/);
    for (const key of ["__proto__", "constructor", "toString"]) {
      const text = `[{"${key}":{"requests":5},${JSON.stringify(sample()).slice(1)}]`;
      expect(read(text).refused[0]?.reason, key).toContain(key);
    }
    expect(({} as Record<string, unknown>).requests).toBeUndefined();
  });

  test("with every fault in one reason", () => {
    expect(reasonOf({ requests: -1, cpu: 2, load: 1 })).toMatch(/^requests: .*; cpu: .*; .*load/);
  });

  test("for an app that is not the token's, without a word on whether it exists", () => {
    const { samples, refused } = read([sample(), sample({ app: "blog" })], { ...ANYONE, apps: ["blog"] });
    expect([samples.length, refused]).toEqual([1, [{ index: 0, reason: "the token is not for app shop" }]]);
  });
});
