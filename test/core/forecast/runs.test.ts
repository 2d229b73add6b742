import fc from "fast-check";
import { expect, it } from "vitest";
import { fromRuns, toRuns } from "../../../src/core/forecast/runs.ts";

it("gives back any counts", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000, max: 3 }), (counts) => {
      expect(fromRuns(toRuns(counts))).toEqual(counts);
    }),
  );
});

it("keeps thousands of one kind in a few bytes, and what is no run whole", () => {
  expect(toRuns(new Uint8Array(2_880).fill(4))).toHaveLength(2 * Math.ceil(2_880 / 255));
  expect([...toRuns(Uint8Array.from([1, 1, 2]))]).toEqual([1, 2, 2, 1]);
  expect([...fromRuns(Uint8Array.from([7, 2, 9]))]).toEqual([7, 7]);
});
