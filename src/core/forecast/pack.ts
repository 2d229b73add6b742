/**
 * Many arrays as one, and numbers in 16 bits: in steps of 1/32767 of the largest of their array, which is as exact as a load
 * can be measured and half the size of the next best thing.
 *
 * The trap is NaN, which JSON turns into null: a gap is the one 16-bit number that no step uses.
 */
const STEPS = 32_767;
const GAP = -32_768;

/** The width of a step in each array. */
export function scalesOf(arrays: readonly Float64Array[]): Float32Array {
  return Float32Array.from(arrays, (array) => {
    let largest = 0;
    for (const value of array) if (Math.abs(value) > largest) largest = Math.abs(value);
    return largest / STEPS;
  });
}

export function toSteps(arrays: readonly Float64Array[], scales: Float32Array): Int16Array {
  const steps = new Int16Array(lengthOf(arrays));
  let next = 0;
  arrays.forEach((array, a) => {
    const scale = scales[a]!;
    for (const value of array) {
      const step = scale === 0 ? 0 : Math.round(value / scale);
      steps[next++] = Number.isNaN(value) ? GAP : Math.max(-STEPS, Math.min(STEPS, step));
    }
  });
  return steps;
}

/** Fills the arrays with what `toSteps` made of such; false where they are of another length together. */
export function fromSteps(steps: Int16Array, scales: Float32Array, to: readonly Float64Array[]): boolean {
  if (steps.length !== lengthOf(to)) return false;
  let next = 0;
  to.forEach((array, a) => {
    for (let i = 0; i < array.length; i++) {
      const step = steps[next++]!;
      array[i] = step === GAP ? Number.NaN : step * scales[a]!;
    }
  });
  return true;
}

/** All arrays, one after the other, in `to`. */
export function inOne<T extends Float32Array | Uint8Array>(arrays: readonly ArrayLike<number>[], to: T): T {
  let next = 0;
  for (const array of arrays) {
    to.set(array, next);
    next += array.length;
  }
  return to;
}

/** Takes apart what `inOne` joined; false where the arrays are of another length together. */
export function apart<T extends Float32Array | Uint8Array>(
  one: T,
  to: readonly (Float64Array | Uint8Array)[],
): boolean {
  if (one.length !== lengthOf(to)) return false;
  let next = 0;
  for (const array of to) {
    array.set(one.subarray(next, next + array.length));
    next += array.length;
  }
  return true;
}

export function lengthOf(arrays: readonly ArrayLike<number>[]): number {
  return arrays.reduce((sum, { length }) => sum + length, 0);
}
