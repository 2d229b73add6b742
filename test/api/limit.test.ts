import { expect, test } from "vitest";
import { createMemoryRequestLimit } from "../../src/adapters/memory/request-limit.ts";
import { limited } from "../../src/api/limit.ts";
import type { Problem } from "../../src/api/problem.ts";
import { NOW } from "../core/examples.ts";

const headers = (limit: number, remaining: number, seconds: number) => ({
  "ratelimit-limit": `${limit}`,
  "ratelimit-remaining": `${remaining}`,
  "ratelimit-reset": `${seconds}`,
});

test("counts down per caller, then refuses with the wait", async () => {
  const limit = createMemoryRequestLimit(2, () => NOW + 20_000);
  const take = (tokenId: string) => limited(limit, tokenId, NOW + 20_000, "with this token");
  expect(await take("1")).toEqual(headers(2, 1, 40));
  expect(await take("1")).toEqual(headers(2, 0, 40));
  const problem: Problem = await take("1").then(
    () => expect.unreachable(),
    (error) => error,
  );
  expect([problem.status, problem.type]).toEqual([429, "rate-limited"]);
  expect(problem.headers).toEqual({ ...headers(2, 0, 40), "retry-after": "40" });
  expect(problem.message).toBe("More than 2 requests a minute with this token; wait 40 s");
  expect(await take("2")).toEqual(headers(2, 1, 40));
});

test.each([
  ["in the past", NOW - 5_000, 1],
  ["unknown, as while Redis is away", 0, 1],
  ["a moment away", NOW + 1, 1],
  ["of another clock than the caller's", NOW + 86_400_000, 60],
])("a reset %s: a wait between a second and the window", async (_, resetAt, seconds) => {
  const limit = { take: async () => ({ allowed: true, limit: 5, remaining: 5, resetAt }) };
  expect(await limited(limit, "1", NOW, "with this token")).toEqual(headers(5, 5, seconds));
});
