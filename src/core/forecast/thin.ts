/**
 * What a state of bins narrower than five minutes keeps at rest: minutes for a short while, fives or fifteens of them before. A
 * week of minutes would be five times the size of what the database takes hourly, and no forecast asks which minute it was
 * last Tuesday: that the backup runs at four past is in the usual day, which is kept whole.
 *
 * Bins are put together by their number since 1970 and slots by their place in the day, so that a state that is stored a
 * hundred times is thinned once: the mean of five alike is that one again.
 *
 * The trap is the gap, which is no zero: a mean is of what was measured, and a block of gaps alone stays one.
 */
import { MINUTE_MS } from "../time.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";
import { arraysOf, type ForecastState } from "./state.ts";

/** So much of rings is kept bin by bin: more than the leads that look at single bins. */
const WHOLE_MS = 30 * MINUTE_MS;
/** Running means change slowly. */
const TRACK_BLOCK_MS = 3 * FORECAST_BIN_MS;

export type Rest = { readonly coarse: readonly Float64Array[]; readonly counts: readonly Uint8Array[] };

/** The arrays to be stored. Their lengths depend on the width of the bins alone; what is not thinned are the state's own. */
export function atRest(state: ForecastState): Rest {
  const { coarse, counts } = arraysOf(state);
  const { profile, memory, binMs } = state;
  if (binMs >= FORECAST_BIN_MS) return { coarse, counts };
  const step = Math.round(FORECAST_BIN_MS / binMs);
  return {
    coarse: [
      thinRing(memory.roots, memory.last, shapeOf(memory.roots, binMs, FORECAST_BIN_MS)),
      ...memory.tracks.map((track) => thinRing(track, memory.last, shapeOf(track, binMs, TRACK_BLOCK_MS))),
      profile.day,
      thinSlots(profile.kind, profile.kindCount, profile.day, step),
      thinSlots(profile.week, profile.weekCount, profile.day, step),
    ],
    counts: [profile.dayCount, mostOf(profile.kindCount, step), mostOf(profile.weekCount, step)],
  };
}

/** Arrays of the same lengths, to read what was stored into. */
export function emptyRest(state: ForecastState): Rest {
  const { coarse, counts } = arraysOf(state);
  const { profile, memory, binMs } = state;
  if (binMs >= FORECAST_BIN_MS) return { coarse, counts };
  const step = Math.round(FORECAST_BIN_MS / binMs);
  const ring = (array: Float64Array, blockMs: number) => {
    const { blocks, whole } = shapeOf(array, binMs, blockMs);
    return new Float64Array(blocks + whole);
  };
  return {
    coarse: [
      ring(memory.roots, FORECAST_BIN_MS),
      ...memory.tracks.map((track) => ring(track, TRACK_BLOCK_MS)),
      profile.day,
      new Float64Array(profile.kind.length / step),
      new Float64Array(profile.week.length / step),
    ],
    counts: [
      profile.dayCount,
      new Uint8Array(profile.kind.length / step),
      new Uint8Array(profile.week.length / step),
    ],
  };
}

/** Lays what was read into its `emptyRest` into the state, whose memory must say already how far it reaches. */
export function wake(state: ForecastState, { coarse, counts }: Rest): void {
  const { profile, memory, binMs } = state;
  if (binMs >= FORECAST_BIN_MS) return;
  const step = Math.round(FORECAST_BIN_MS / binMs);
  [memory.roots, ...memory.tracks].forEach((ring, i) => {
    fillRing(ring, memory.last, coarse[i]!, shapeOf(ring, binMs, i === 0 ? FORECAST_BIN_MS : TRACK_BLOCK_MS));
  });
  const [, kind, week] = coarse.slice(1 + memory.tracks.length);
  fillSlots(profile.kind, kind!, profile.day, step);
  fillSlots(profile.week, week!, profile.day, step);
  fillCounts(profile.kindCount, counts[1]!, profile.dayCount, step);
  fillCounts(profile.weekCount, counts[2]!, profile.dayCount, step);
}

/** Bins in a block, blocks, and the bins after them that are kept one by one. */
type Shape = { readonly step: number; readonly blocks: number; readonly whole: number };

function shapeOf({ length }: Float64Array, binMs: number, blockMs: number): Shape {
  const step = Math.round(blockMs / binMs);
  const whole = Math.round(WHOLE_MS / binMs) + step;
  return { step, whole, blocks: Math.floor((length - whole) / step) };
}

/** The first of the bins that are kept one by one; blocks end there. */
function wholeFrom(last: number, { step, whole }: Shape): number {
  return Math.floor((last + 1 + step - whole) / step) * step;
}

function thinRing(ring: Float64Array, last: number, shape: Shape): Float64Array {
  const { step, blocks, whole } = shape;
  const from = wholeFrom(last, shape);
  const kept = new Float64Array(blocks + whole);
  for (let block = 0; block < blocks; block++) {
    const first = from + (block - blocks) * step;
    kept[block] = meanOf(step, (i) => ring[placeIn(ring, first + i)]!);
  }
  for (let i = 0; i < whole && from + i <= last; i++) kept[blocks + i] = ring[placeIn(ring, from + i)]!;
  return kept;
}

function fillRing(ring: Float64Array, last: number, kept: Float64Array, shape: Shape): void {
  const { step, blocks } = shape;
  const from = wholeFrom(last, shape);
  // What no block is left for is as the oldest that is: a lead of a day looks there.
  let bin = last - ring.length + 1;
  for (let block = 0; block < blocks; block++) {
    const end = from + (block + 1 - blocks) * step;
    for (; bin < end; bin++) ring[placeIn(ring, bin)] = kept[block]!;
  }
  for (; bin <= last; bin++) ring[placeIn(ring, bin)] = kept[blocks + bin - from]!;
}

/** By how much the slots that were seen are above the usual day, minute by minute. */
function thinSlots(roots: Float64Array, counts: Uint8Array, day: Float64Array, step: number): Float64Array {
  return Float64Array.from({ length: roots.length / step }, (_, block) => {
    const above = meanOf(step, (i) => {
      const slot = block * step + i;
      return counts[slot]! > 0 ? roots[slot]! - day[slot % day.length]! : Number.NaN;
    });
    return Number.isNaN(above) ? 0 : above;
  });
}

function fillSlots(roots: Float64Array, above: Float64Array, day: Float64Array, step: number): void {
  for (let slot = 0; slot < roots.length; slot++)
    roots[slot] = Math.max(0, day[slot % day.length]! + above[Math.floor(slot / step)]!);
}

function mostOf(counts: Uint8Array, step: number): Uint8Array {
  return Uint8Array.from({ length: counts.length / step }, (_, block) =>
    Math.max(...counts.subarray(block * step, (block + 1) * step)),
  );
}

/** A slot that was seen on no day has not been seen in this week either, whatever its neighbours were. */
function fillCounts(counts: Uint8Array, most: Uint8Array, dayCount: Uint8Array, step: number): void {
  for (let slot = 0; slot < counts.length; slot++)
    counts[slot] = dayCount[slot % dayCount.length]! > 0 ? most[Math.floor(slot / step)]! : 0;
}

/** Mean of what is a number; NaN where none is. */
function meanOf(count: number, read: (i: number) => number): number {
  let sum = 0;
  let known = 0;
  for (let i = 0; i < count; i++) {
    const value = read(i);
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
  }
  return known === 0 ? Number.NaN : sum / known;
}

function placeIn({ length }: Float64Array, bin: number): number {
  return ((bin % length) + length) % length;
}
