import fc from "fast-check";
import { expect, test } from "vitest";
import { sameText } from "../../src/core/same-text.ts";

test("is equality, for any two texts", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, text, (a, b) => sameText(a, b) === (a === b)));
  fc.assert(fc.property(text, (a) => sameText(a, `${a}`)));
});

test("one character anywhere is a difference", () => {
  const hash = "0123456789abcdef".repeat(4);
  for (let i = 0; i < hash.length; i++) {
    expect(sameText(hash, `${hash.slice(0, i)}x${hash.slice(i + 1)}`)).toBe(false);
  }
  expect(sameText(hash, hash.slice(1))).toBe(false);
});
