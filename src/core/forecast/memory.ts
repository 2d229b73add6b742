/**
 * What was known at each bin of the last days, in rings: the measured root itself for a week and a day, and for a day
 * (twice that where a day before is asked too) running means of different length, as they stood after that bin. With
 * them a forecast that would have been made h bins ago can be made again when its target arrives, and be judged: learning
 * at a lead of 24 hours costs no more than at 5 minutes, and no old forecast is kept.
 *
 * A running mean of length T: m += (x − m) · 2/(T + 1), as of exponential smoothing (Brown 1956).
 *
 * The trap: a ring forgets silently. `rootAt` answers NaN for bins that are gaps, too old or yet to come.
 */
import { MINUTE_MS } from "../time.ts";
import { binsPerDay, binsPerWeek, type Grid } from "./grid.ts";
import { copiesOf } from "./room.ts";

/** Running means by number: deviations from the usual (last, 15 min, 1 h, 6 h, 1 d), … */
export const DEV = 0;
export const DEV_15M = 1;
export const DEV_1H = 2;
export const DEV_6H = 3;
export const DEV_1D = 4;
/** … the level itself, … */
export const LEVEL_15M = 5;
export const LEVEL_1H = 6;
/** … absolute one-bin misses. */
export const MISS_1H = 7;
export const MISS_1D = 8;
const LENGTH_MINUTES: readonly number[] = [0, 15, 60, 360, 1_440, 15, 60, 60, 1_440];
const SPARE_BINS = 8;

export type Memory = {
  readonly roots: Float64Array;
  /** tracks[track]: the running mean after each bin. */
  readonly tracks: readonly Float64Array[];
  /** Bins before this one were never seen. */
  first: number;
  /** The newest bin that is known, gap or not. */
  last: number;
};

export function emptyMemory(grid: Grid, first: number): Memory {
  const day = binsPerDay(grid);
  return {
    roots: new Float64Array(binsPerWeek(grid) + SPARE_BINS).fill(Number.NaN),
    tracks: LENGTH_MINUTES.map((_, track) => new Float64Array((track === DEV_1H ? 2 : 1) * day + SPARE_BINS)),
    first,
    last: first - 1,
  };
}

export function copyMemory({ roots, tracks, first, last }: Memory): Memory {
  return { roots: roots.slice(), tracks: copiesOf(tracks), first, last };
}

/** Share of the new value in each running mean, for bins of this width. */
export function trackRates({ binMs }: Grid): readonly number[] {
  return LENGTH_MINUTES.map((minutes) => Math.min(1, 2 / ((minutes * MINUTE_MS) / binMs + 1)));
}

/** The root of a bin, or NaN where it is not known. */
export function rootAt({ roots, first, last }: Memory, bin: number): number {
  return bin > last || bin < first || bin <= last - roots.length ? Number.NaN : roots[bin % roots.length]!;
}

/** The running mean as it stood after `bin`; 0 before anything was seen. */
export function trackAt(memory: Memory, track: number, bin: number): number {
  const ring = memory.tracks[track]!;
  return bin < memory.first || bin <= memory.last - ring.length ? 0 : ring[bin % ring.length]!;
}

/** NaN is a gap. */
export function rememberRoot({ roots }: Memory, bin: number, root: number): void {
  roots[bin % roots.length] = root;
}

/** Moves a running mean from the bin before to `bin`. */
export function followTrack(memory: Memory, track: number, bin: number, value: number, rate: number): void {
  const ring = memory.tracks[track]!;
  const before = ring[(bin - 1) % ring.length]!;
  ring[bin % ring.length] = before + (value - before) * rate;
}
