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

describe("in a narrow terminal", () => {
  const heads = ["region", "machines", "reason"];
  const row = ["fra", 10, "grew because the morning comes"];
  const widest = (text: string) => Math.max(...text.split("\n").map(displayWidth));

  test("the longest texts are cut, numbers never", () => {
    const table = textTable(heads, [row], { places: 40 });
    expect(table.split("\n")).toEqual([
      "region  machines  reason",
      "──────  ────────  ──────────────────────",
      "fra           10  grew because the morn…",
    ]);
  });

  test("where that is not enough, or is not wanted, each value has its line", () => {
    const lines = ["region    fra", "machines  10", "reason    grew because the morning comes"];
    const records = textTable(heads, [row, row], { places: 30 });
    expect(records).toBe([...lines, "", ...lines].join("\n"));
    expect(textTable(heads, [row], { places: 40, cut: false })).toBe(lines.join("\n"));
    expect(textTable(heads, [], { places: 5 })).toMatch(/^region /);
  });

  test("a table is never wider than the terminal", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "grapheme", maxLength: 50 }), { minLength: 3, maxLength: 3 }), {
          minLength: 1,
        }),
        fc.integer({ min: 52, max: 120 }),
        (rows, places) => {
          expect(widest(textTable(["a", "b", "c"], rows, { places }))).toBeLessThanOrEqual(places);
        },
      ),
    );
  });
});
