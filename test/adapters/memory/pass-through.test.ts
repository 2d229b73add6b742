import { expect, it } from "vitest";
import { passThrough } from "../../../src/adapters/memory/pass-through.ts";

it("passes the call's value and its failure on, unchanged", async () => {
  const failure = new Error("as it was");
  const judge = () => ({ result: "failure", retryAfterMs: null }) as const;
  const call = {
    dependency: "x",
    breakers: [],
    bucket: null,
    kind: "read",
    tries: 1,
    deadlineMs: 1,
    judge,
  } as const;
  expect(await passThrough(call, async () => 7)).toBe(7);
  await expect(passThrough(call, () => Promise.reject(failure))).rejects.toBe(failure);
});
