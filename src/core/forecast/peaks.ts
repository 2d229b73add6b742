/**
 * The quantile of the highest bin of a window, which is what machines must carry. Were bins independent, the chance that
 * all of them stay under x would be the product of their shares F₁(x)·F₂(x)·…; they are not: one busy quarter of an hour
 * makes them all high. So the product is raised to θ in (0, 1], the share of bins that count as independent: the
 * extremal index of Leadbetter (1983).
 *
 *   P(max ≤ x) = (F₁(x) · … · F_m(x))^θ
 *
 * θ is learned. If it is right, −θ·Σ ln F_i(M) is exponential with mean 1 for the maximum M that came; so θ is one over
 * the mean of −Σ ln F_i(M), over the hours that are past. That needs neither labels nor a model of the dependence.
 *
 * The trap: a window of one bin must answer the bin's own quantile, so θ is at least 1/m.
 */

import type { Quantile } from "../quantile.ts";
import { HOUR_MS, type Instant } from "../time.ts";
import {
  type BinsAhead,
  binAhead,
  binsSeen,
  errorTable,
  rootsAhead,
  rootsAt,
  shareBelowAt,
  sharesOf,
} from "./bins-ahead.ts";
import { binAt } from "./grid.ts";
import { rootAt as rootOfBin } from "./memory.ts";
import { type Desk, freshDesk, standAt } from "./mixture.ts";
import { loadOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

/** Before any hour was resolved: about a third of the bins count, and that weighs as much as so many hours. */
const FIRST_CROWDING = 3;
const FIRST_HOURS = 12;
const REMEMBERED_HOURS = 250;
/** One hour that nobody foresaw must not make all bins independent. */
const MOST_SURPRISE = 12;
const LEAST_SHARE = 1e-6;
const HALVINGS = 30;
const PRECISION = 1e-5;
const ALMOST_SURELY = 0.99999;

export type PeakWindow = { readonly from: Instant; readonly until: Instant };

/** The bins of a window, or one in every so many of them, at one quantile: looked at once, asked several times. */
export type Outlook = {
  readonly start: Instant;
  readonly stepMs: number;
  /** Bins that each of these stands for. */
  readonly every: number;
  readonly bins: BinsAhead;
  readonly quantile: Quantile;
  /** The root of each bin at the quantile, and the one that it surely stays under. */
  readonly roots: Float64Array;
  readonly most: Float64Array;
};

export function lookAhead(
  state: ForecastState,
  { from, until }: PeakWindow,
  quantile: Quantile,
  stepMs = state.binMs,
): Outlook {
  const every = Math.max(1, Math.round(stepMs / state.binMs));
  const desk = freshDesk();
  const first = binAt(state, from);
  const length = Math.max(0, Math.ceil((until / state.binMs - first) / every));
  standAt(state, desk, state.memory.last);
  const bins = binsSeen(state, desk, { first, length, every });
  const [errors, surely] = errorTable(state.leads, [quantile, ALMOST_SURELY]);
  return {
    start: first * state.binMs,
    stepMs: every * state.binMs,
    every,
    bins,
    quantile,
    roots: rootsAhead(bins, errors!),
    most: rootsAhead(bins, surely!),
  };
}

/**
 * The load that the highest bin of a window stays under with probability `quantile`.
 * @returns in the unit of the samples, to a hundred-thousandth of its root; 0 for an empty window.
 */
export function maxOver(state: ForecastState, window: PeakWindow, quantile: Quantile): number {
  return maximaUntil(state, lookAhead(state, window, quantile), [window.until])[0]!;
}

/** The same for several windows that begin with the outlook and end at `untils`. */
export function maximaUntil(state: ForecastState, outlook: Outlook, untils: readonly Instant[]): number[] {
  const { start, stepMs, every, bins, quantile, roots } = outlook;
  const lengths = untils.map((until) => {
    return Math.min(bins.length, Math.max(0, Math.ceil((until - start) / stepMs)));
  });
  const high = errorTable(
    state.leads,
    lengths.map((length) => quantile ** (1 / (every * length))),
  );
  const shares = sharesOf(state.leads);
  const crowding = crowdingOf(state);
  const room = new Float64Array(bins.length);
  return lengths.map((length, i) => {
    if (length === 0) return 0;
    // The highest of the bins' own quantiles is too low, the highest at quantile^(1/m) too high; the answer is between.
    const low = highestOf(roots.subarray(0, length));
    if (length === 1) return loadOf(low);
    const theta = Math.min(every, Math.max(1 / length, every / crowding));
    const bounds = { low, high: highestOf(rootsAhead(bins, high[i]!, length, room).subarray(0, length)) };
    const rivals = rivalsOf(outlook, length, shares, low);
    return loadOf(lowestRoot(bins, rivals, shares, quantile ** (1 / theta), bounds));
  });
}

/** The first of the busiest bins, or null where no traffic is foreseen at all. */
export function busiestOf({ start, stepMs, roots }: Outlook): { at: Instant; load: number } | null {
  const highest = highestOf(roots);
  const load = Math.round(100 * loadOf(highest)) / 100;
  return load > 0 ? { at: start + roots.indexOf(highest) * stepMs, load } : null;
}

/** Bins that may hold the highest root, busiest first, and the least chance that all from each one on stay under the answer. */
type Rivals = { readonly bins: readonly number[]; readonly leastRest: Float64Array };

/** Most bins of a day are surely lower than its peak, which is `low` at least; they would only cost time. */
function rivalsOf(
  { bins, roots, most }: Outlook,
  length: number,
  shares: readonly Float64Array[],
  low: number,
): Rivals {
  const rivals: number[] = [];
  for (let bin = 0; bin < length; bin++) if (most[bin]! > low) rivals.push(bin);
  rivals.sort((a, b) => roots[b]! - roots[a]!);
  const leastRest = new Float64Array(rivals.length + 1).fill(1);
  for (let i = rivals.length - 1; i >= 0; i--)
    leastRest[i] = leastRest[i + 1]! * Math.max(LEAST_SHARE, shareBelowAt(bins, rivals[i]!, shares, low));
  return { bins: rivals, leastRest };
}

/** The lowest root under which all bins stay with the chance `wanted`, found by halving between the bounds. */
function lowestRoot(
  bins: BinsAhead,
  rivals: Rivals,
  shares: readonly Float64Array[],
  wanted: number,
  { low, high }: { low: number; high: number },
): number {
  for (let i = 0; i < HALVINGS && high - low > PRECISION * high; i++) {
    const middle = (low + high) / 2;
    if (isLikelier(bins, rivals, shares, middle, wanted)) high = middle;
    else low = middle;
  }
  return high;
}

/** Whether the product of the bins' shares reaches `wanted`: asked of the busiest first, and only as long as it is open. */
function isLikelier(
  bins: BinsAhead,
  { bins: rivals, leastRest }: Rivals,
  shares: readonly Float64Array[],
  root: number,
  wanted: number,
): boolean {
  let chance = 1;
  for (let i = 0; i < rivals.length && chance >= wanted && chance * leastRest[i]! < wanted; i++)
    chance *= Math.max(LEAST_SHARE, shareBelowAt(bins, rivals[i]!, shares, root));
  return chance >= wanted;
}

/**
 * The same at several quantiles for a window so short that its bins are alike: each is read off the middle bin, at the
 * quantile that leaves P(max ≤ x) = F(x)^(m·θ) where it should be.
 */
export function maxOverShort(
  state: ForecastState,
  { from, until }: PeakWindow,
  quantiles: readonly Quantile[],
  desk = freshDesk(),
): number[] {
  const first = binAt(state, from);
  const bins = Math.max(1, Math.round((until - from) / state.binMs));
  const middle = binAhead(state, desk, first + Math.floor(bins / 2));
  const independent = Math.max(1, bins / crowdingOf(state));
  const ofOneBin = quantiles.map((quantile) => quantile ** (1 / independent));
  return rootsAt(middle, state.leads, ofOneBin).map(loadOf);
}

/** Every third hour, and a bin later each time: forecasts the hour that ends with `bin` from before it, and learns θ from its highest bin. */
export function learnPeak(state: ForecastState, desk: Desk, bin: number): void {
  const { memory, pulse } = state;
  const length = Math.max(2, Math.round(HOUR_MS / state.binMs));
  const origin = bin - length;
  if (bin % (3 * length + 1) !== 0 || origin < memory.first + 2) return;
  let highest = 0;
  for (let b = origin + 1; b <= bin; b++) {
    const root = rootOfBin(memory, b);
    if (Number.isNaN(root)) return;
    highest = Math.max(highest, root);
  }
  standAt(state, desk, origin);
  const bins = binsSeen(state, desk, { first: origin + 1, length, every: 1 });
  const surprise = Math.min(MOST_SURPRISE, surpriseOf(bins, sharesOf(state.leads), highest));
  const rate = 1 / Math.min(REMEMBERED_HOURS, FIRST_HOURS + pulse.peaksSeen + 1);
  pulse.crowding = crowdingOf(state) * (1 - rate) + surprise * rate;
  pulse.peaksSeen += 1;
}

/** 1/θ. */
function crowdingOf({ pulse }: ForecastState): number {
  return pulse.peaksSeen === 0 ? FIRST_CROWDING : Math.max(1, pulse.crowding);
}

/** −Σ ln F_i(root). */
function surpriseOf(bins: BinsAhead, shares: readonly Float64Array[], root: number): number {
  let sum = 0;
  for (let i = 0; i < bins.length; i++)
    sum -= Math.log(Math.max(LEAST_SHARE, shareBelowAt(bins, i, shares, root)));
  return sum;
}

function highestOf(roots: Float64Array): number {
  let highest = 0;
  for (let i = 0; i < roots.length; i++) if (roots[i]! > highest) highest = roots[i]!;
  return highest;
}
