import { expect, test } from "vitest";
import { MACHINE_API_ERROR_KINDS, MachineApiError } from "../../src/errors.ts";
import { pauseBeforeRetry } from "../../src/tick/retry.ts";

const failure = (kind: (typeof MACHINE_API_ERROR_KINDS)[number], retryAfterMs: number | null = null) =>
  new MachineApiError(kind, "no", { retryAfterMs });

test("only what may work in a moment is tried again", () => {
  const tried = MACHINE_API_ERROR_KINDS.filter((kind) => pauseBeforeRetry(failure(kind), 1) !== null);
  expect(tried).toEqual(["nameTaken", "rateLimited", "ambiguous", "transient"]);
});

test("longer each time, three times in all", () => {
  expect([1, 2, 3].map((attempt) => pauseBeforeRetry(failure("transient"), attempt))).toEqual([
    1_000,
    2_000,
    null,
  ]);
});

test("Fly's Retry-After is obeyed to the letter, 0 included", () => {
  expect(pauseBeforeRetry(failure("rateLimited", 7_500), 1)).toBe(7_500);
  expect(pauseBeforeRetry(failure("rateLimited", 0), 2)).toBe(0);
  expect(pauseBeforeRetry(failure("rateLimited"), 2)).toBe(2_000);
});
