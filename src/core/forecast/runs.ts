/**
 * Counts at rest as runs: (count, how many in a row), a byte each. Slots of a week were nearly all seen equally often, so
 * thousands of counts are a few dozen bytes.
 */
const LONGEST = 255;

export function toRuns(counts: Uint8Array): Uint8Array {
  const runs: number[] = [];
  for (let i = 0; i < counts.length; ) {
    let length = 1;
    while (length < LONGEST && i + length < counts.length && counts[i + length] === counts[i]) length++;
    runs.push(counts[i]!, length);
    i += length;
  }
  return Uint8Array.from(runs);
}

export function fromRuns(runs: Uint8Array): Uint8Array {
  const counts: number[] = [];
  for (let i = 0; i + 1 < runs.length; i += 2) {
    for (let left = runs[i + 1]!; left > 0; left--) counts.push(runs[i]!);
  }
  return Uint8Array.from(counts);
}
