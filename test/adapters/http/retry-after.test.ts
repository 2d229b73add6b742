import { expect, it } from "vitest";
import { readRetryAfterMs } from "../../../src/adapters/http/retry-after.ts";

const DATE = "Thu, 01 Jan 2026 10:00:30 GMT";
const read = (value: string, now: (() => number) | null) =>
  readRetryAfterMs(new Headers({ "retry-after": value }), now);

it("measures a date against the given clock where the answer has none, and gives up without a clock", () => {
  expect(read(DATE, () => Date.UTC(2026, 0, 1, 10))).toBe(30_000);
  expect(read(DATE, null)).toBeNull();
});

it("rounds fractions of a second up to whole milliseconds", () => {
  expect(read("0.0001", null)).toBe(1);
});
