import fc from "fast-check";
import { expect, test } from "vitest";
import { lineBatches } from "../../scripts/import-history/lines.ts";
import { type BadRecord, type CsvRecord, recordReader } from "../../scripts/import-history/records.ts";

function recordsOf(text: string, delimiter = ","): (CsvRecord | BadRecord)[] {
  const reader = recordReader(delimiter);
  return [...text.split("\n").flatMap(reader.push), ...reader.end()];
}

test("cells may be quoted, and hold delimiters, line ends and doubled quotes; a record is told by its first line", () => {
  expect(recordsOf('a,"b,c"\n"say ""hi""","two\nlines",d\n\n,,\n')).toEqual([
    { line: 1, cells: ["a", "b,c"] },
    { line: 2, cells: ['say "hi"', "two\nlines", "d"] },
    { line: 5, cells: ["", "", ""] },
  ]);
  expect(recordsOf("a;b,c\td", ";")).toEqual([{ line: 1, cells: ["a", "b,c\td"] }]);
  expect(recordsOf("a,b\tc", "\t")).toEqual([{ line: 1, cells: ["a,b", "c"] }]);
});

test("a quote that never closes costs its own line, not the file", () => {
  const lines = Array.from({ length: 250 }, (_, i) => (i === 16 ? `${i},"oops` : `${i},x`));
  const records = recordsOf(lines.join("\n"));
  expect(records).toHaveLength(250);
  expect(records[16]).toEqual({ line: 17, reason: "a quote is never closed" });
  expect(records.filter((record) => "cells" in record)).toHaveLength(249);
  expect(records.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1));
  const near = recordsOf('1,x\n2,"y\n3,z');
  expect(near.map((record) => ("cells" in record ? record.cells[0] : record.reason))).toEqual([
    "1",
    "a quote is never closed",
    "3",
  ]);
});

test("quotes where none may stand are refused with their line, also several", () => {
  const records = recordsOf('1,a"b\n2,c\n3,d"e\n4,"f"g\n5,h');
  expect(records).toEqual([
    { line: 1, reason: expect.stringContaining("a quote stands where none may") },
    { line: 2, cells: ["2", "c"] },
    { line: 3, reason: expect.stringContaining("quote") },
    { line: 4, reason: expect.stringContaining("a quote stands where none may") },
    { line: 5, cells: ["5", "h"] },
  ]);
});

test("whatever is written by RFC 4180 is read back", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "é", ";"), maxLength: 6 });
  const written = (cells: readonly string[]) =>
    cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(",");
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 8 }), (rows) => {
      const read = recordsOf(rows.map(written).join("\n"));
      expect(read.map((record) => ("cells" in record ? record.cells : record))).toEqual(rows);
    }),
  );
});

test("lines are the same however the file is cut into chunks", async () => {
  const text = "one\r\ntwo\n\nfour, with é\r\nlast";
  for (let size = 1; size <= text.length; size++) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.slice(i * size, (i + 1) * size),
    );
    const lines: string[] = [];
    for await (const batch of lineBatches(from(chunks))) lines.push(...batch);
    expect(lines).toEqual(["one", "two", "", "four, with é", "last"]);
  }
});

test("a file without line ends is not held in memory", async () => {
  const endless = from(Array.from({ length: 100 }, () => "x".repeat(65_536)));
  await expect(async () => {
    for await (const _ of lineBatches(endless)) expect.fail("there is no line");
  }).rejects.toThrow(/Line 1 has no end in sight/);
});

async function* from(chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks;
}
