/**
 * A new region's state as it would be had the region always lived like its sister: the sister's usual week, weights, spreads
 * and errors, brought to the region's own level, and then taught what the region itself has measured so far.
 *
 * Everything is in roots, so a region of an eighth of the traffic has half the roots, and what was learned is brought to
 * scale by one factor (its square in sums of products). The week is indexed by wall time, each region's in its own zone:
 * nine o'clock in Sydney borrows nine o'clock in Frankfurt.
 *
 * The trap is to borrow certainty with it: counts go back to one, and errors weigh as few ones, so that the region's own
 * first day counts as much as all that its sister saw.
 */
import { fadeErrors } from "./errors.ts";
import { MEAN_MISS } from "./lead.ts";
import { LEVEL_1H, LEVEL_15M, MISS_1D, MISS_1H } from "./memory.ts";
import { usualRoot } from "./profile.ts";
import { arraysOf, emptyState, type ForecastState } from "./state.ts";

/** What the sister's errors and regressions weigh here. */
const ERRORS_BORROWED = 150;
/** The sister's own misses, by which her experts are weighed, stand for a few rows. */
const MISSES_BORROWED = 0.1;

/** A state at the beginning of `first`, a bin at `slot` of the week, without any memory of its own. */
export function warmStart(
  own: ForecastState,
  sister: ForecastState,
  scale: number,
  first: { readonly bin: number; readonly slot: number },
): ForecastState {
  const state = emptyState(own.zone, first.bin * own.binMs, own.binMs);
  const [from, to] = [arraysOf(sister), arraysOf(state)];
  for (const [i, array] of from.fine.entries()) to.fine[i]!.set(array);
  copyProfile(state, sister, scale);
  for (const lead of state.leads) {
    times(lead.sums.gram, scale ** 2);
    times(lead.sums.moment, scale ** 2);
    times(lead.spread.sums.gram, scale ** 2);
    times(lead.spread.sums.moment, scale ** 2);
    times(lead.misses, scale * MISSES_BORROWED);
    times(lead.lately, scale * MISSES_BORROWED);
    lead.tally[MEAN_MISS]! *= scale;
    fadeErrors(lead.errors, ERRORS_BORROWED);
  }
  times(state.missOfDayPart, scale);
  Object.assign(state.pulse, {
    miss: scale * sister.pulse.miss,
    deviation: scale * sister.pulse.deviation,
    highest: scale * sister.pulse.highest,
    crowding: sister.pulse.crowding,
    peaksSeen: Math.min(12, sister.pulse.peaksSeen),
  });
  beginTracks(state, first);
  return state;
}

function copyProfile({ profile }: ForecastState, sister: ForecastState, scale: number): void {
  for (const name of ["day", "kind", "week"] as const)
    profile[name].set(sister.profile[name].map((root) => scale * root));
  for (const name of ["dayCount", "kindCount", "weekCount"] as const)
    profile[name].set(sister.profile[name].map((count) => Math.min(1, count)));
  times(profile.misses, scale);
  profile.overallRoot = scale * sister.profile.overallRoot;
  // A day and a bin: what is special about a region's first day is not special here.
  profile.overallCount = profile.day.length + 1;
}

/** Running means of level and miss begin at what is usual, not at zero. */
function beginTracks(
  { memory, profile, pulse }: ForecastState,
  { bin, slot }: { bin: number; slot: number },
): void {
  const usual = usualRoot(profile, slot);
  pulse.expected = usual;
  pulse.smooth = usual;
  pulse.smoother = usual;
  for (const [track, value] of [
    [LEVEL_15M, usual],
    [LEVEL_1H, usual],
    [MISS_1H, pulse.miss],
    [MISS_1D, pulse.miss],
  ] as const) {
    const ring = memory.tracks[track]!;
    ring[(((bin - 1) % ring.length) + ring.length) % ring.length] = value;
  }
}

function times(array: Float64Array, factor: number): void {
  for (let i = 0; i < array.length; i++) array[i]! *= factor;
}
