import { expect, test } from "vitest";
import { fnv1a } from "../../src/core/hash.ts";

test("gives the published values", () => {
  expect(["", "a", "foobar"].map((text) => fnv1a(text).toString(16))).toEqual([
    "811c9dc5",
    "e40c292c",
    "bf9cf968",
  ]);
});
