import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeHoles, increments, LONGEST_HOLE_BINS } from "../../../src/adapters/prometheus/increments.ts";
import { quantileOf } from "../../../src/adapters/prometheus/percentile.ts";

const GAP = Number.NaN;
const grown = (readings: number[], isReported = (_edge: number) => true) => [
  ...increments(Float64Array.from(readings), isReported),
];

describe("increments", () => {
  test("are what the readings differ by", () => expect(grown([5, 5, 8, 108])).toEqual([0, 3, 100]));
  test("after a reset are what was counted since", () => expect(grown([90, 100, 3, 5])).toEqual([10, 3, 2]));
  test("over a short hole are spread", () =>
    expect(grown([10, 14, GAP, GAP, 26, 3])).toEqual([4, 4, 4, 4, 3]));
  test("over a long hole are unknown", () => {
    const hole = new Array<number>(LONGEST_HOLE_BINS).fill(GAP);
    expect(grown([1, ...hole, 100, 101])).toEqual([...new Array(LONGEST_HOLE_BINS + 1).fill(GAP), 1]);
  });
  test("begin with the first reading where the machine is new, and count it where it is not", () => {
    expect(grown([GAP, GAP, 7, 9], (edge) => edge >= 2)).toEqual([GAP, GAP, 2]);
    expect(grown([GAP, GAP, 7, 9], () => true)).toEqual([GAP, 7, 2]);
    expect(grown([7, 9])).toEqual([2]);
  });

  test("add up to what was counted, whatever was reset and missed", () => {
    const minute = fc.record({ more: fc.nat(1_000), isReset: fc.boolean(), isMissed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(minute, { maxLength: 40 }), (list) => {
        let value = 100;
        let counted = 0;
        let sure = 0;
        const readings = [value];
        let run = 0;
        for (const { more, isReset, isMissed } of list) {
          const hides = isMissed && run < LONGEST_HOLE_BINS - 1;
          // A reset that grows past the old value, or into a hole, cannot be seen by anyone.
          const resets = isReset && !hides && run === 0 && more < value;
          value = resets ? more : value + more;
          counted += more;
          readings.push(hides ? GAP : value);
          run = hides ? run + 1 : 0;
          if (!hides) sure = counted;
        }
        const sum = grown(readings).reduce((all, bin) => all + (Number.isNaN(bin) ? 0 : bin), 0);
        expect(sum).toBeCloseTo(sure, 6);
      }),
    );
  });

  test("short holes of a machine are closed, long ones are not", () => {
    expect([...closeHoles(Uint8Array.of(1, 0, 0, 1, 0))]).toEqual([1, 1, 1, 1, 0]);
    expect([...closeHoles(Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 1))]).toEqual([0, 1, 0, 0, 0, 0, 0, 1]);
  });
});

describe("a quantile of buckets", () => {
  const inf = (count: number) => ({ le: Number.POSITIVE_INFINITY, count });
  test("is linear within its bucket, from zero in the first", () => {
    expect(quantileOf([{ le: 1, count: 10 }, inf(10)], 0.5)).toBe(0.5);
    expect(quantileOf([inf(100), { le: 2, count: 100 }, { le: 1, count: 90 }], 0.95)).toBe(1.5);
  });
  test("in the last bucket is the highest bound", () => {
    expect(quantileOf([{ le: 1, count: 1 }, { le: 5, count: 2 }, inf(100)], 0.95)).toBe(5);
  });
  test("of nothing, or without the last bucket, is unknown", () => {
    expect(quantileOf([{ le: 1, count: 0 }, inf(0)], 0.95)).toBeNull();
    expect(quantileOf([{ le: 1, count: 5 }], 0.95)).toBeNull();
    expect(quantileOf([], 0.95)).toBeNull();
  });
});
