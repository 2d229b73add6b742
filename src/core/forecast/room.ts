/**
 * Many arrays of numbers side by side in one room. A state is two hundred arrays, most of them of a few numbers, and is copied at
 * every tick: making room for an array costs more than filling it, and clearing it away costs once more.
 *
 * The trap is `array.buffer`: it holds the neighbours too. Who wants the bytes of one goes by its byteOffset.
 */

/** `lengths.length` arrays of zeros. */
export function arraysOfLengths(lengths: readonly number[]): Float64Array[] {
  const room = new Float64Array(lengths.reduce((sum, length) => sum + length, 0));
  let next = 0;
  return lengths.map((length) => {
    const array = new Float64Array(room.buffer, next * room.BYTES_PER_ELEMENT, length);
    next += length;
    return array;
  });
}

export function copiesOf(arrays: readonly Float64Array[]): Float64Array[] {
  const copies = arraysOfLengths(arrays.map(({ length }) => length));
  for (let i = 0; i < copies.length; i++) copies[i]!.set(arrays[i]!);
  return copies;
}
