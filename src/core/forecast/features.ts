/**
 * What a forecast looks at: fourteen numbers about the target bin and about the moment it is forecast from (its origin).
 * They are roots; the first is the usual size of one, so that all scale alike. All but two are differences that vanish
 * on an ordinary day: a forecaster without experience, whose weights are 1 for the usual root and next to nothing for
 * the rest, forecasts the ordinary day.
 *
 * A day that runs half as high again is higher by more at noon than at night. Deviations are differences, so one number
 * says what the last hour's would be at the target if it were a share of the usual and not a sum.
 *
 * The trap is the future: the bin after "the same time yesterday" is in the future of an origin 24 hours before the target.
 */
import type { Place } from "./grid.ts";
import {
  DEV,
  DEV_1D,
  DEV_1H,
  DEV_6H,
  DEV_15M,
  LEVEL_1H,
  LEVEL_15M,
  type Memory,
  rootAt,
  trackAt,
} from "./memory.ts";
import { dailyRoot, type Profile, usualRoot, weeklyRoot } from "./profile.ts";

export const FEATURES = 14;
export const USUAL = 1;
export const YESTERDAY = 2;
export const LAST_WEEK = 3;
export const LAST = 4;
export const LAST_15M = 5;
export const LAST_1H = 6;
export const LAST_6H = 7;
export const LAST_1D = 8;
export const GROWN_1H = 13;
/** A quiet night says little about how much busier noon will be: its share counts no more than this. */
const MOST_GROWTH = 3;

/** Fills what `x` says of the target, as known at `origin`. */
export function targetFeatures(
  x: Float64Array,
  memory: Memory,
  profile: Profile,
  place: Place,
  origin: number,
): void {
  const usual = usualRoot(profile, place.slot);
  const yesterday = around(memory, place.yesterday, origin);
  const lastWeek = around(memory, place.lastWeek, origin);
  x[0] = profile.overallRoot;
  x[USUAL] = usual;
  x[YESTERDAY] = Number.isNaN(yesterday) ? 0 : yesterday - usual;
  x[LAST_WEEK] = Number.isNaN(lastWeek) ? 0 : lastWeek - usual;
  x[10] = dailyRoot(profile, place.slot) - usual;
  x[11] = weeklyRoot(profile, place.slot, usual) - usual;
}

/** Fills what `x` says of the origin, the last bin known then. The target's part must be there. */
export function originFeatures(x: Float64Array, memory: Memory, perDay: number, origin: number): void {
  deviationFeatures(x, memory, perDay, origin);
  compareFeatures(x, trackAt(memory, LEVEL_15M, origin), trackAt(memory, LEVEL_1H, origin));
}

/** The part that is the origin's alone, whatever the target. */
export function deviationFeatures(x: Float64Array, memory: Memory, perDay: number, origin: number): void {
  x[LAST] = trackAt(memory, DEV, origin);
  x[LAST_15M] = trackAt(memory, DEV_15M, origin);
  x[LAST_1H] = trackAt(memory, DEV_1H, origin);
  x[LAST_6H] = trackAt(memory, DEV_6H, origin);
  x[LAST_1D] = trackAt(memory, DEV_1D, origin);
  x[12] = trackAt(memory, DEV_1H, origin - perDay);
}

/** The part that compares the origin's levels with what is usual at the target. All others must be there. */
export function compareFeatures(x: Float64Array, level15m: number, level1h: number): void {
  x[9] = level15m - x[USUAL]!;
  const usualThen = level1h - x[LAST_1H]!;
  const growth = usualThen > 1e-9 ? x[USUAL]! / usualThen - 1 : 0;
  x[GROWN_1H] = x[LAST_1H]! * Math.min(MOST_GROWTH, growth);
}

/** Mean root of a bin and its neighbours (¼ ½ ¼) as known at `origin`; NaN where none is. */
function around(memory: Memory, bin: number, origin: number): number {
  let sum = 0;
  let weight = 0;
  for (let near = bin - 1; near <= bin + 1 && near <= origin; near++) {
    const root = rootAt(memory, near);
    if (Number.isNaN(root)) continue;
    const share = near === bin ? 2 : 1;
    sum += share * root;
    weight += share;
  }
  return weight === 0 ? Number.NaN : sum / weight;
}
