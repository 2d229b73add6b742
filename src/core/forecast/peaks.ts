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
import { type BinAhead, binAhead, errorsAt, rootAhead, rootAt, shareBelow, sharesOf } from "./bins-ahead.ts";
import { binAt } from "./grid.ts";
import { rootAt as rootOfBin } from "./memory.ts";
import { type Desk, freshDesk } from "./mixture.ts";
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

/** The bins of a window, or one in every so many of them: looked at once, asked several times. */
export type Outlook = {
  readonly start: Instant;
  readonly stepMs: number;
  readonly bins: readonly BinAhead[];
  /** Bins that each of these stands for. */
  readonly every: number;
};

export function lookAhead(state: ForecastState, { from, until }: PeakWindow, stepMs = state.binMs): Outlook {
  const every = Math.max(1, Math.round(stepMs / state.binMs));
  const desk = freshDesk();
  const first = binAt(state, from);
  const bins: BinAhead[] = [];
  for (let bin = first; bin * state.binMs < until; bin += every) bins.push(binAhead(state, desk, bin));
  return { start: first * state.binMs, stepMs: every * state.binMs, bins, every };
}

/**
 * The load that the highest bin of a window stays under with probability `quantile`.
 * @returns in the unit of the samples, to a hundred-thousandth of its root; 0 for an empty window.
 */
export function maxOver(state: ForecastState, window: PeakWindow, quantile: Quantile): number {
  return maximaUntil(state, lookAhead(state, window), [window.until], quantile)[0]!;
}

/** The same for several windows that begin with the outlook and end at `untils`. */
export function maximaUntil(
  state: ForecastState,
  { start, stepMs, bins, every }: Outlook,
  untils: readonly Instant[],
  quantile: Quantile,
): number[] {
  const shares = sharesOf(state.leads);
  return untils.map((until) => {
    const within = bins.slice(0, Math.max(0, Math.ceil((until - start) / stepMs)));
    return loadOf(highestRoot(state, within, every, shares, quantile));
  });
}

/** The first of the busiest bins at `quantile`, or null where no traffic is foreseen at all. */
export function busiestOf(
  state: ForecastState,
  { start, stepMs, bins }: Outlook,
  quantile: Quantile,
): { at: Instant; load: number } | null {
  const errors = errorsAt(state.leads, quantile);
  let [highest, at] = [0, start];
  bins.forEach((parts, i) => {
    const root = rootAhead(parts, errors);
    if (root > highest) [highest, at] = [root, start + i * stepMs];
  });
  const load = Math.round(100 * loadOf(highest)) / 100;
  return load > 0 ? { at, load } : null;
}

function highestRoot(
  state: ForecastState,
  bins: readonly BinAhead[],
  every: number,
  shares: readonly Float64Array[],
  quantile: Quantile,
): number {
  if (bins.length === 0) return 0;
  const theta = Math.min(every, Math.max(1 / bins.length, every / crowdingOf(state)));
  // The highest of the bins' own quantiles is too low, the highest at quantile^(1/m) too high; the answer is between.
  let low = highestAt(state, bins, quantile);
  if (bins.length === 1) return low;
  let high = highestAt(state, bins, quantile ** (1 / (every * bins.length)));
  // Most bins of a day are surely lower than its peak; they would only cost time.
  const surely = errorsAt(state.leads, ALMOST_SURELY);
  const rivals = bins.filter((parts) => rootAhead(parts, surely) > low);
  for (let i = 0; i < HALVINGS && high - low > PRECISION * high; i++) {
    const middle = (low + high) / 2;
    if (Math.exp(-theta * surpriseOf(rivals, shares, middle)) < quantile) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * The same at several quantiles for a window so short that its bins are alike: each is read off the middle bin, at the
 * quantile that leaves P(max ≤ x) = F(x)^(m·θ) where it should be.
 */
export function maxOverShort(
  state: ForecastState,
  { from, until }: PeakWindow,
  quantiles: readonly Quantile[],
): number[] {
  const first = binAt(state, from);
  const bins = Math.max(1, Math.round((until - from) / state.binMs));
  const middle = binAhead(state, freshDesk(), first + Math.floor(bins / 2));
  const independent = Math.max(1, bins / crowdingOf(state));
  return quantiles.map((quantile) => loadOf(rootAt(middle, state.leads, quantile ** (1 / independent))));
}

/** Every third hour, and a bin later each time: forecasts the hour that ends with `bin` from before it, and learns θ from its highest bin. */
export function learnPeak(state: ForecastState, desk: Desk, bin: number): void {
  const { memory, pulse } = state;
  const length = Math.max(2, Math.round(HOUR_MS / state.binMs));
  const origin = bin - length;
  if (bin % (3 * length + 1) !== 0 || origin < memory.first + 2) return;
  const bins: BinAhead[] = [];
  let highest = 0;
  for (let b = origin + 1; b <= bin; b++) {
    const root = rootOfBin(memory, b);
    if (Number.isNaN(root)) return;
    highest = Math.max(highest, root);
    bins.push(binAhead(state, desk, b, origin));
  }
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
function surpriseOf(bins: readonly BinAhead[], shares: readonly Float64Array[], root: number): number {
  let sum = 0;
  for (const parts of bins) sum -= Math.log(Math.max(LEAST_SHARE, shareBelow(parts, shares, root)));
  return sum;
}

function highestAt(state: ForecastState, bins: readonly BinAhead[], quantile: Quantile): number {
  const errors = errorsAt(state.leads, quantile);
  return bins.reduce((highest, parts) => Math.max(highest, rootAhead(parts, errors)), 0);
}
