import { expect, it } from "vitest";
import { passThrough } from "../../../src/adapters/memory/pass-through.ts";

it("passes the call's value and its failure on, unchanged", async () => {
  const failure = new Error("as it was");
  expect(await passThrough("fly:read", "shop", async () => 7)).toBe(7);
  await expect(passThrough("fly:write", "shop", () => Promise.reject(failure))).rejects.toBe(failure);
});
