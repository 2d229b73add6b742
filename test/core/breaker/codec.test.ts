import { expect, test } from "vitest";
import { closedBreaker, reduce } from "../../../src/core/breaker/breaker.ts";
import { readBreaker, writeBreaker } from "../../../src/core/breaker/codec.ts";
import { DEFAULT_RULES } from "../../../src/core/breaker/rules.ts";

const call = {
  type: "result",
  result: "failure",
  durationMs: 9_000,
  opening: null,
  chance: 0.3,
  retryAfterMs: null,
} as const;
const used = [1, 2, 3, 4, 5, 6].reduce(
  (b, at) => reduce(b, { ...call, at }, DEFAULT_RULES),
  closedBreaker(0),
);

test("a breaker survives JSON, and a full one is small", () => {
  expect(readBreaker(JSON.parse(JSON.stringify(writeBreaker(used))))).toEqual(used);
  let full = closedBreaker(0);
  const now = Date.UTC(2026, 0, 1);
  for (let i = 0; i < 100; i++)
    full = reduce(full, { ...call, result: "success", durationMs: 1, at: now + i }, DEFAULT_RULES);
  expect(full.window).toHaveLength(DEFAULT_RULES.windowCalls);
  expect(JSON.stringify(writeBreaker(full)).length).toBeLessThan(700);
});

test.each([
  null,
  5,
  "x",
  [],
  {},
  { ...writeBreaker(used), v: 2 },
  { ...writeBreaker(used), mode: "AJAR" },
  { ...writeBreaker(used), until: "soon" },
  { ...writeBreaker(used), cause: 7 },
  { ...writeBreaker(used), openings: null },
  { ...writeBreaker(used), totals: { ...used.totals, slow: "many" } },
  { ...writeBreaker(used), window: [[1]] },
  { ...writeBreaker(used), window: [[1, "2"]] },
  { ...writeBreaker(used), window: {} },
])("what is no breaker is none: %j", (value) => {
  expect(readBreaker(value)).toBeNull();
});
