import { expect, test } from "vitest";
import { jitteredPauseMs, openRetryBudget } from "../../src/core/retry.ts";

test("a pause is anything between nothing and a bound that doubles up to the cap", () => {
  const rule = { baseMs: 100, capMs: 1_000 };
  expect([1, 2, 3, 4, 5, 900].map((attempt) => jitteredPauseMs(attempt, 1, rule))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
  expect(jitteredPauseMs(4, 0, rule)).toBe(0);
  expect(jitteredPauseMs(4, 0.25, rule)).toBe(200);
});

test("retries are a share of the calls; what good times earned is not enough for a storm", () => {
  const budget = openRetryBudget({ share: 0.25, most: 3 });
  const retries = (tries: number) =>
    Array.from({ length: tries }, () => budget.mayRetry()).filter(Boolean).length;
  for (let i = 0; i < 10_000; i++) budget.called();
  expect(retries(10)).toBe(3);
  for (let i = 0; i < 8; i++) budget.called();
  expect(retries(10)).toBe(2);
  budget.called();
  expect(retries(10)).toBe(0);
});
