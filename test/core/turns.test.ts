/** Runs test/scenarios/turns.txt, and what must hold of any order: nothing lost, nothing twice, nobody starved. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEVERITIES, type Severity } from "../../src/core/severity.ts";
import { TURNS, takeTurns } from "../../src/core/turns.ts";

type Wish = { readonly pool: string; readonly severity: Severity; readonly count: number };
type Item = { readonly pool: string; readonly severity: Severity; readonly ordinal: number };

const itemsOf = (wishes: readonly Wish[]): Item[] =>
  wishes.flatMap(({ count, ...wish }) =>
    Array.from({ length: count }, (_, ordinal) => ({ ...wish, ordinal })),
  );

const ROWS = readFileSync(new URL("../scenarios/turns.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.includes("|") && !line.startsWith("#"))
  .slice(1)
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([name = "", wanted = "", ...rounds]) => ({ name, wanted, order: rounds.join(" ").trim() }));

function readWish(text: string): Wish {
  const [pool = "", severity = "", count = ""] = text.split(/\s+/);
  if (!SEVERITIES.includes(severity as Severity)) throw new Error(`"${text}" has no known severity`);
  return { pool, severity: severity as Severity, count: Number(count) };
}

function readOrder(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => {
    const [, times = "", pool = ""] = /^(\d*)([a-z]*)$/.exec(word) ?? [];
    return pool === "" ? [] : Array<string>(times === "" ? 1 : Number(times)).fill(pool);
  });
}

describe("turns.txt", () => {
  it("has rows", () => expect(ROWS.length).toBeGreaterThan(5));
  it.each(ROWS)("$name", ({ wanted, order }) => {
    const items = itemsOf(wanted.split(",").map((wish) => readWish(wish.trim())));
    expect(takeTurns(items, (item) => item).map(({ pool }) => pool)).toEqual(readOrder(order));
  });
});

describe("any order", () => {
  const wish = fc.record({ severity: fc.constantFrom(...SEVERITIES), count: fc.nat(40) });
  const wishes = fc
    .array(wish, { maxLength: 12 })
    .map((list) => list.map((each, i): Wish => ({ pool: `p${i}`, ...each })));
  const mixed = wishes.chain((list) => {
    const items = itemsOf(list);
    return fc.record({
      list: fc.constant(list),
      items: fc.shuffledSubarray(items, { minLength: items.length }),
    });
  });

  it("loses nothing, doubles nothing, keeps each pool's own order", () => {
    fc.assert(
      fc.property(mixed, ({ list, items }) => {
        const order = takeTurns(items, (item) => item);
        expect(new Set(order)).toEqual(new Set(items));
        expect(order).toHaveLength(items.length);
        for (const { pool } of list) {
          const own = (all: readonly Item[]) => all.filter((item) => item.pool === pool);
          expect(own(order)).toEqual(own(items));
        }
      }),
    );
  });

  it("lets each pool's n-th call wait for no more than the rounds until then", () => {
    fc.assert(
      fc.property(mixed, ({ list, items }) => {
        const order = takeTurns(items, (item) => item);
        const round = list.reduce((sum, { severity }) => sum + TURNS[severity], 0);
        const seen = new Map<string, number>();
        order.forEach(({ pool, severity }, place) => {
          const nth = seen.get(pool) ?? 0;
          seen.set(pool, nth + 1);
          expect(place).toBeLessThan((Math.floor(nth / TURNS[severity]) + 1) * round);
        });
      }),
    );
  });

  it("never serves a less severe pool's first call before a more severe one's", () => {
    fc.assert(
      fc.property(mixed, ({ items }) => {
        const order = takeTurns(items, (item) => item);
        const firsts = order.filter(
          (item, place) => order.findIndex(({ pool }) => pool === item.pool) === place,
        );
        const ranks = firsts.map(({ severity }) => SEVERITIES.indexOf(severity));
        expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
      }),
    );
  });
});
