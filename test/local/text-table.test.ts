import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellText, displayWidth, shorten, textTable } from "../../src/local/text-table.ts";

describe("displayWidth", () => {
  test.each([
    ["", 0],
    ["region", 6],
    ["東京", 4],
    ["한국", 4],
    ["e\u0301", 1],
    ["é", 1],
    ["a\u200bb", 2],
    ["💥", 2],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["∅…─", 3],
    ["ｆ", 2],
  ])("%j takes %i places", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

test("shorten never passes its width and never cuts a sign in two", () => {
  expect(shorten("abcdef", 6)).toBe("abcdef");
  expect(shorten("abcdefg", 6)).toBe("abcde…");
  expect(shorten("東京都", 4)).toBe("東…");
  expect(shorten("👩‍👩‍👧👩‍👩‍👧", 3)).toBe("👩‍👩‍👧…");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.integer({ min: 1, max: 30 }),
      (text, width) => {
        expect(displayWidth(shorten(text, width))).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test("a cell is one harmless line whatever the value is", () => {
  expect(cellText(null)).toBe("∅");
  expect(cellText("")).toBe("");
  expect(cellText(new Date(0))).toBe("1970-01-01 00:00:00Z");
  expect(cellText(new Date(Number.NaN))).toBe("invalid date");
  expect(cellText({ a: [1] })).toBe('{"a":[1]}');
  expect(cellText(new Uint8Array([1, 255]))).toBe("\\x01ff");
  expect(cellText("a\nb\tc\u001b[31m")).toBe("a⏎b c\\u001b[31m");
  expect(cellText(false)).toBe("false");
});

test("columns line up, numbers stand to the right", () => {
  const table = textTable(
    ["region", "machines", "reason"],
    [
      ["東京", 2, null],
      ["fra", "10", "grew"],
      ["sin", null, "x".repeat(20)],
    ],
    { maxCellWidth: 8 },
  );
  expect(table.split("\n")).toEqual([
    "region  machines  reason",
    "──────  ────────  ────────",
    "東京           2  ∅",
    "fra           10  grew",
    "sin            ∅  xxxxxxx…",
  ]);
  expect(textTable(["n"], [])).toBe("n\n─");
});
