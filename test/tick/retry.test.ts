import { expect, test } from "vitest";
import { MACHINE_API_ERROR_KINDS, MachineApiError } from "../../src/errors.ts";
import { pauseBeforeRetry } from "../../src/tick/retry.ts";

const failure = (kind: (typeof MACHINE_API_ERROR_KINDS)[number], retryAfterMs: number | null = null) =>
  new MachineApiError(kind, "no", { retryAfterMs });

test("only what may work in a moment is tried again", () => {
  const tried = MACHINE_API_ERROR_KINDS.filter((kind) => pauseBeforeRetry(failure(kind), 1, 1) !== null);
  expect(tried).toEqual(["nameTaken", "rateLimited", "ambiguous", "transient"]);
});

test("longer each time, three times in all", () => {
  expect([1, 2, 3].map((attempt) => pauseBeforeRetry(failure("transient"), attempt, 1))).toEqual([
    1_000,
    2_000,
    null,
  ]);
});

test("Fly's Retry-After is obeyed to the letter, 0 included", () => {
  expect(pauseBeforeRetry(failure("rateLimited", 7_500), 1, 0)).toBe(7_500);
  expect(pauseBeforeRetry(failure("rateLimited", 0), 2, 1)).toBe(0);
  expect(pauseBeforeRetry(failure("rateLimited"), 2, 1)).toBe(2_000);
});

test("the pause is drawn from the whole span down to nothing", () => {
  expect([0, 0.5, 0.999].map((chance) => pauseBeforeRetry(failure("transient"), 2, chance))).toEqual([
    0, 1_000, 1_998,
  ]);
});

test("what we held back ourselves is asked for again after its time, if that is short", () => {
  expect(pauseBeforeRetry(failure("heldBack", 700), 1, 0)).toBe(700);
  expect(pauseBeforeRetry(failure("heldBack", 60_000), 1, 0)).toBeNull();
  expect(pauseBeforeRetry(failure("heldBack", null), 1, 0)).toBeNull();
});
