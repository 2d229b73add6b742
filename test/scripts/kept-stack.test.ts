// Two demos that are both kept share one file: the first one has it for as long as it lives.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepStackFile, otherKeptStack, readKeptStack } from "../../scripts/kept-stack.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

const STACK = {
  databaseUrl: "postgres://x/y",
  functionsUrl: "http://f",
  flyUrl: "http://fly",
  token: "fa_t",
};
let folder: ReturnType<typeof makeTempFolder>;
let file: string;

beforeEach(() => {
  folder = makeTempFolder();
  file = join(folder.path, "kept", "stack.json");
  process.env.FLYAHEAD_STACK = file;
});
afterEach(() => {
  delete process.env.FLYAHEAD_STACK;
  folder.remove();
});
const writtenBy = (pid: number) => writeFileSync(file, JSON.stringify({ ...STACK, token: "fa_first", pid }));

test("what was written is read, and taken away with its folder", () => {
  const kept = keepStackFile(STACK);
  expect([kept.isOurs, readKeptStack()?.token, otherKeptStack()]).toEqual([true, "fa_t", null]);
  kept.remove();
  expect(existsSync(dirname(file))).toBe(false);
});

test("the file of a living demo is left alone, by the one that starts and by the one that ends", () => {
  keepStackFile(STACK);
  writtenBy(process.ppid);
  expect(otherKeptStack()).toMatch(new RegExp(`another demo.*process ${process.ppid}.*FLYAHEAD_STACK`));
  const second = keepStackFile(STACK);
  expect(second.isOurs).toBe(false);
  second.remove();
  expect(readKeptStack()?.token).toBe("fa_first");
});

test("the file of a demo that was killed is taken over, and so is one that names nobody", () => {
  keepStackFile(STACK);
  for (const left of [JSON.stringify({ ...STACK, pid: 2 ** 22 + 7 }), JSON.stringify(STACK), "no JSON"]) {
    writeFileSync(file, left);
    expect(otherKeptStack()).toBeNull();
    expect(keepStackFile(STACK).isOurs).toBe(true);
    expect(JSON.parse(readFileSync(file, "utf8")).pid).toBe(process.pid);
  }
});
