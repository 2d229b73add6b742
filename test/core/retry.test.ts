import { expect, test } from "vitest";
import { jitteredPauseMs, mayRetry, NO_RETRIES } from "../../src/core/retry.ts";

test("a pause is anything between nothing and a bound that doubles up to the cap", () => {
  const rule = { baseMs: 100, capMs: 1_000 };
  expect([1, 2, 3, 4, 5, 900].map((attempt) => jitteredPauseMs(attempt, 1, rule))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
  expect(jitteredPauseMs(4, 0, rule)).toBe(0);
  expect(jitteredPauseMs(4, 0.25, rule)).toBe(200);
});

test("retries are a share of the calls and a few to spare", () => {
  const rule = { share: 0.2, spare: 2 };
  expect(mayRetry(NO_RETRIES, rule)).toBe(true);
  expect(mayRetry({ calls: 1, retries: 2 }, rule)).toBe(true);
  expect(mayRetry({ calls: 5, retries: 3 }, rule)).toBe(false);
  expect(mayRetry({ calls: 6, retries: 3 }, rule)).toBe(true);
});
