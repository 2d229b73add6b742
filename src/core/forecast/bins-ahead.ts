/**
 * The distribution of one bin to come: a median root, a spread, and the errors of the two leads around it. Quantiles and
 * shares are read in roots; between two leads both answers are averaged (Vincent's mean of quantiles, which stays
 * monotone), beyond the longest lead the spread widens by a tenth for each doubling. What lies above all that the pool
 * has ever seen is bent towards it (record.ts).
 */
import type { Quantile } from "../quantile.ts";
import { CELLS, errorQuantile, errorShare, errorShares, quantileIn, runningWeights } from "./errors.ts";
import { firstDoubt } from "./first-doubt.ts";
import { placeOf } from "./grid.ts";
import { type Lead, leadsAround, MEAN_MISS } from "./lead.ts";
import { type Desk, freshDesk, lookAt, mixSeen, standAt, usualShare } from "./mixture.ts";
import { BODY, bent, recordOf, unbent } from "./record.ts";
import { arraysOfLengths } from "./room.ts";
import { loadOf } from "./root.ts";
import { addDoubt, spreadOf } from "./spread.ts";
import type { ForecastState } from "./state.ts";

const WIDENING_PER_DOUBLING = 0.1;
/** What lies in the last cell of errors is read as up to so much more. */
const CELL_ROUNDING = 1.1;

type Part = {
  readonly lead: number;
  readonly share: number;
  readonly median: number;
  readonly spread: number;
};
export type BinAhead = {
  /** One part, or two whose shares sum to 1. */
  readonly parts: readonly Part[];
  /** Roots above this one are bent. */
  readonly bentFrom: number;
};

/** Many bins as columns of numbers: the parts of bin i stand at 2·i and 2·i + 1; where there is but one, the other's share is 0. */
export type BinsAhead = {
  readonly length: number;
  readonly leads: Uint8Array;
  readonly shares: Float64Array;
  readonly medians: Float64Array;
  readonly spreads: Float64Array;
  /** One a bin. */
  readonly bentFrom: Float64Array;
};

/** What is known of `bin` from `origin`, the last bin that is known: by default the newest. */
export function binAhead(
  state: ForecastState,
  desk: Desk,
  bin: number,
  origin = state.memory.last,
): BinAhead {
  standAt(state, desk, origin);
  const seen = binsSeen(state, desk, { first: bin, length: 1, every: 1 });
  const { leads, shares, medians, spreads } = seen;
  const partAt = (i: number): Part => {
    return { lead: leads[i]!, share: shares[i]!, median: medians[i]!, spread: spreads[i]! };
  };
  const parts = shares[1] === 0 ? [partAt(0)] : [partAt(0), partAt(1)];
  return { parts, bentFrom: seen.bentFrom[0]! };
}

/** `length` bins that lie `every` apart from `first` on. */
export type Stretch = { readonly first: number; readonly length: number; readonly every: number };

/** The same for many bins, from where the desk stands. */
export function binsSeen(state: ForecastState, desk: Desk, { first, length, every }: Stretch): BinsAhead {
  const bins: BinsAhead = {
    length,
    leads: new Uint8Array(2 * length),
    shares: new Float64Array(2 * length),
    medians: new Float64Array(2 * length),
    spreads: new Float64Array(2 * length),
    bentFrom: new Float64Array(length),
  };
  const record = recordOf(state);
  // Most bins stay below the record at any quantile: the body of their forecast is not asked for.
  const farthest = state.leads.map((lead) => CELL_ROUNDING * lead.farthest);
  const body: number[] = [];
  for (let i = 0; i < length; i++) {
    const bin = first + i * every;
    const ahead = Math.max(1, bin - desk.origin);
    const { low, high, share } = leadsAround(state.leads, ahead);
    lookAt(state, desk, placeOf(state, bin));
    seePart(state, desk, bins, 2 * i, low, 1 - share, ahead);
    if (high !== low) seePart(state, desk, bins, 2 * i + 1, high, share, ahead);
    bins.bentFrom[i] = record;
    if (straightRoot(bins, i, farthest) <= record) continue;
    for (const rank of [low, high]) body[rank] ??= errorQuantile(state.leads[rank]!.errors, BODY);
    bins.bentFrom[i] = Math.max(record, straightRoot(bins, i, body));
  }
  return bins;
}

/** One lead's answer, from the features that lie on the desk. */
function seePart(
  state: ForecastState,
  desk: Desk,
  { leads, shares, medians, spreads }: BinsAhead,
  place: number,
  rank: number,
  share: number,
  ahead: number,
): void {
  const lead = state.leads[rank]!;
  const beyond = rank === state.leads.length - 1 ? Math.max(0, Math.log2(ahead / lead.bins)) : 0;
  const median = mixSeen(state, desk, lead);
  addDoubt(desk.g, desk.answers, lead.shares, median, usualShare(desk));
  leads[place] = rank;
  shares[place] = share;
  medians[place] = median;
  const learned = spreadOf(lead.spread, desk.g, lead.tally[MEAN_MISS]!);
  const doubt = desk.origin === state.memory.last ? firstDoubt(state, lead, median) : 0;
  spreads[place] = (1 + WIDENING_PER_DOUBLING * beyond) * Math.max(learned, doubt);
}

/** errors[lead] for one quantile: read once, used for every bin. */
export function errorsAt(leads: readonly Lead[], quantile: Quantile): Float64Array {
  return errorTable(leads, [quantile])[0]!;
}

/** errors[quantile][lead]: each lead's errors are summed up once for all quantiles. */
export function errorTable(leads: readonly Lead[], quantiles: readonly Quantile[]): readonly Float64Array[] {
  const table = arraysOfLengths(quantiles.map(() => leads.length));
  let below: Float64Array | undefined;
  leads.forEach(({ errors }, rank) => {
    below = runningWeights(errors, below);
    for (let q = 0; q < table.length; q++) table[q]![rank] = quantileIn(errors, below, quantiles[q]!);
  });
  return table;
}

/** The root at the quantile that `errors` was read for. */
export function rootAhead({ parts, bentFrom }: BinAhead, errors: ArrayLike<number>): number {
  let root = 0;
  for (const { lead, share, median, spread } of parts) root += share * (median + spread * errors[lead]!);
  return Math.max(0, bent(root, bentFrom));
}

/** The same for the first `length` of many bins. */
export function rootsAhead(
  bins: BinsAhead,
  errors: Float64Array,
  length = bins.length,
  roots: Float64Array = new Float64Array(length),
): Float64Array {
  for (let i = 0; i < length; i++)
    roots[i] = Math.max(0, bent(straightRoot(bins, i, errors), bins.bentFrom[i]!));
  return roots;
}

/** Before it is bent. */
function straightRoot(
  { leads, shares, medians, spreads }: BinsAhead,
  i: number,
  errors: ArrayLike<number>,
): number {
  const near = 2 * i;
  const far = near + 1;
  const root = shares[near]! * (medians[near]! + spreads[near]! * errors[leads[near]!]!);
  if (shares[far] === 0) return root;
  return root + shares[far]! * (medians[far]! + spreads[far]! * errors[leads[far]!]!);
}

/** The roots of one bin alone at many quantiles: only its own leads' errors are read. */
export function rootsAt(
  { parts, bentFrom }: BinAhead,
  leads: readonly Lead[],
  quantiles: readonly Quantile[],
): number[] {
  const roots = quantiles.map(() => 0);
  let below: Float64Array | undefined;
  for (const { lead, share, median, spread } of parts) {
    const { errors } = leads[lead]!;
    const weights = runningWeights(errors, below);
    below = weights;
    quantiles.forEach((quantile, q) => {
      roots[q]! += share * (median + spread * quantileIn(errors, weights, quantile));
    });
  }
  return roots.map((root) => Math.max(0, bent(root, bentFrom)));
}

/** shares[lead]: all errors summed up, read once, used for every root. */
export function sharesOf(leads: readonly Lead[]): readonly Float64Array[] {
  const table = arraysOfLengths(leads.map(() => CELLS + 1));
  return leads.map(({ errors }, rank) => errorShares(errors, table[rank]));
}

/** How likely bin `i` stays at or under `root`. */
export function shareBelowAt(
  { leads, shares, medians, spreads, bentFrom }: BinsAhead,
  i: number,
  errors: readonly Float64Array[],
  root: number,
): number {
  const straight = unbent(root, bentFrom[i]!);
  const near = 2 * i;
  const far = near + 1;
  const below =
    shares[near]! * errorShare(errors[leads[near]!]!, (straight - medians[near]!) / spreads[near]!);
  if (shares[far] === 0) return below;
  return below + shares[far]! * errorShare(errors[leads[far]!]!, (straight - medians[far]!) / spreads[far]!);
}

/** loads[quantile][i] of a stretch of bins, in the unit of the samples. */
export function loadCurves(
  state: ForecastState,
  quantiles: readonly Quantile[],
  stretch: Stretch,
): number[][] {
  const desk = freshDesk();
  standAt(state, desk, state.memory.last);
  const bins = binsSeen(state, desk, stretch);
  const roots = new Float64Array(bins.length);
  const farthest = bins.leads.reduce((most, lead) => Math.max(most, lead), 0);
  return errorTable(state.leads.slice(0, farthest + 1), quantiles).map((errors) => {
    rootsAhead(bins, errors, bins.length, roots);
    const loads = new Array<number>(roots.length);
    for (let i = 0; i < loads.length; i++) loads[i] = inHundredths(loadOf(roots[i]!));
    return loads;
  });
}

/** The loads of one bin at `quantiles`, in the unit of the samples. */
export function loadsOf(
  state: ForecastState,
  quantiles: readonly Quantile[],
  bin: number,
  desk = freshDesk(),
): number[] {
  const roots = rootsAt(binAhead(state, desk, bin), state.leads, quantiles);
  return roots.map((root) => inHundredths(loadOf(root)));
}

function inHundredths(load: number): number {
  return Math.round(100 * load) / 100;
}
