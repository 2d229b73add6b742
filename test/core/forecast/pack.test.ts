import { expect, it } from "vitest";
import { apart, fromSteps, inOne, lengthOf, scalesOf, toSteps } from "../../../src/core/forecast/pack.ts";

const arrays = [Float64Array.of(0, -8, 32.767, Number.NaN), Float64Array.of(0, 0), Float64Array.of(1e-12)];
const empty = () => arrays.map(({ length }) => new Float64Array(length).fill(7));

it("keeps each array to a 32767th of its largest, and gaps as gaps", () => {
  const scales = scalesOf(arrays);
  const steps = toSteps(arrays, scales);
  expect([...steps]).toEqual([0, -8_000, 32_767, -32_768, 0, 0, 32_767]);
  const back = empty();
  expect(fromSteps(steps, scales, back)).toBe(true);
  expect(back[0]![1]).toBeCloseTo(-8, 5);
  expect(back[0]![3]).toBeNaN();
  expect([...back[1]!]).toEqual([0, 0]);
  expect(back[2]![0]! / 1e-12).toBeCloseTo(1, 6);
});

it("joins arrays and takes them apart", () => {
  const parts = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)];
  const one = inOne(parts, new Uint8Array(lengthOf(parts)));
  expect([...one]).toEqual([1, 2, 3]);
  const back = parts.map(({ length }) => new Uint8Array(length));
  expect(apart(one, back)).toBe(true);
  expect(back).toEqual(parts);
});

it("takes nothing apart that is longer or shorter", () => {
  const back = empty();
  expect(apart(new Float32Array(6), back)).toBe(false);
  expect(fromSteps(new Int16Array(8), Float32Array.of(1, 1, 1), back)).toBe(false);
  expect(back).toEqual(empty());
});
