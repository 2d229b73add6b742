import { expect, it } from "vitest";
import { arraysOfLengths, copiesOf } from "../../../src/core/forecast/room.ts";

it("gives arrays of zeros that share a room and no number", () => {
  const arrays = arraysOfLengths([2, 0, 3]);
  expect(arrays.map(({ length }) => length)).toEqual([2, 0, 3]);
  arrays[0]!.fill(1);
  arrays[2]!.fill(2);
  expect(arrays.map((array) => [...array])).toEqual([[1, 1], [], [2, 2, 2]]);
  expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(1);
});

it("copies arrays to the number, apart from those they are of", () => {
  const arrays = [Float64Array.of(1, Number.NaN, -0), Float64Array.of(4)];
  const copies = copiesOf(arrays);
  expect(copies).toEqual(arrays);
  copies[1]![0] = 5;
  expect(arrays[1]![0]).toBe(4);
});
