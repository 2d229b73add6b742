/**
 * The distribution of one bin to come: a median root, a spread, and the errors of the two leads around it. Quantiles and
 * shares are read in roots; between two leads both answers are averaged (Vincent's mean of quantiles, which stays
 * monotone), beyond the longest lead the spread widens by a tenth for each doubling. What lies above all that the pool
 * has ever seen is bent towards it (record.ts).
 */
import type { Quantile } from "../quantile.ts";
import { errorShare, errorShares, quantileIn, runningWeights } from "./errors.ts";
import { placeOf } from "./grid.ts";
import { type Lead, leadsAround, MEAN_MISS } from "./lead.ts";
import { type Desk, freshDesk, lookAt, mixSeen, standAt, usualShare } from "./mixture.ts";
import { bent, recordOf, unbent } from "./record.ts";
import { loadOf } from "./root.ts";
import { addDoubt, spreadOf } from "./spread.ts";
import type { ForecastState } from "./state.ts";

const WIDENING_PER_DOUBLING = 0.1;

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

/** What is known of `bin` from `origin`, the last bin that is known: by default the newest. */
export function binAhead(
  state: ForecastState,
  desk: Desk,
  bin: number,
  origin = state.memory.last,
): BinAhead {
  standAt(state, desk, origin);
  return binSeen(state, desk, bin);
}

/** As `binAhead`, from where the desk stands. */
export function binSeen(state: ForecastState, desk: Desk, bin: number): BinAhead {
  const ahead = Math.max(1, bin - desk.origin);
  const { low, high, share } = leadsAround(state.leads, ahead);
  lookAt(state, desk, placeOf(state, bin));
  const near = partAt(state, desk, low, low === high ? 1 : 1 - share, ahead);
  const parts = low === high ? [near] : [near, partAt(state, desk, high, share, ahead)];
  return { parts, bentFrom: Math.max(recordOf(state), mixed(parts, desk.body)) };
}

/** One lead's answer, from the features that lie on the desk. */
function partAt(state: ForecastState, desk: Desk, rank: number, share: number, ahead: number): Part {
  const lead = state.leads[rank]!;
  const beyond = rank === state.leads.length - 1 ? Math.max(0, Math.log2(ahead / lead.bins)) : 0;
  const median = mixSeen(state, desk, lead);
  addDoubt(desk.g, desk.answers, lead.shares, median, usualShare(desk));
  return {
    lead: rank,
    share,
    median,
    spread: (1 + WIDENING_PER_DOUBLING * beyond) * spreadOf(lead.spread, desk.g, lead.tally[MEAN_MISS]!),
  };
}

/** errors[lead] for one quantile: read once, used for every bin. */
export function errorsAt(leads: readonly Lead[], quantile: Quantile): Float64Array {
  return errorTable(leads, [quantile])[0]!;
}

/** errors[quantile][lead]: each lead's errors are summed up once for all quantiles. */
export function errorTable(leads: readonly Lead[], quantiles: readonly Quantile[]): readonly Float64Array[] {
  const below = leads.map((lead) => runningWeights(lead.errors));
  return quantiles.map((quantile) => {
    const errors = new Float64Array(leads.length);
    for (let rank = 0; rank < errors.length; rank++)
      errors[rank] = quantileIn(leads[rank]!.errors, below[rank]!, quantile);
    return errors;
  });
}

/** The root at the quantile that `errors` was read for. */
export function rootAhead({ parts, bentFrom }: BinAhead, errors: Float64Array): number {
  return Math.max(0, bent(mixed(parts, errors), bentFrom));
}

function mixed(parts: readonly Part[], errors: ArrayLike<number>): number {
  let root = 0;
  for (let i = 0; i < parts.length; i++) {
    const { lead, share, median, spread } = parts[i]!;
    root += share * (median + spread * errors[lead]!);
  }
  return root;
}

/** The roots of one bin alone at many quantiles: only its own leads' errors are read. */
export function rootsAt(
  { parts, bentFrom }: BinAhead,
  leads: readonly Lead[],
  quantiles: readonly Quantile[],
): number[] {
  const roots = quantiles.map(() => 0);
  for (const { lead, share, median, spread } of parts) {
    const { errors } = leads[lead]!;
    const below = runningWeights(errors);
    quantiles.forEach((quantile, q) => {
      roots[q]! += share * (median + spread * quantileIn(errors, below, quantile));
    });
  }
  return roots.map((root) => Math.max(0, bent(root, bentFrom)));
}

/** shares[lead]: all errors summed up, read once, used for every root. */
export function sharesOf(leads: readonly Lead[]): readonly Float64Array[] {
  return leads.map((lead) => errorShares(lead.errors));
}

/** How likely the bin stays at or under `root`. */
export function shareBelow(
  { parts, bentFrom }: BinAhead,
  shares: readonly Float64Array[],
  root: number,
): number {
  const unbentRoot = unbent(root, bentFrom);
  let below = 0;
  for (let i = 0; i < parts.length; i++) {
    const { lead, share, median, spread } = parts[i]!;
    below += share * errorShare(shares[lead]!, (unbentRoot - median) / spread);
  }
  return below;
}

/** loads[quantile][i] of the `length` bins that lie `every` apart from `first` on, in the unit of the samples. */
export function loadCurves(
  state: ForecastState,
  quantiles: readonly Quantile[],
  { first, length, every }: { readonly first: number; readonly length: number; readonly every: number },
): number[][] {
  const errors = errorTable(state.leads, quantiles);
  const curves = quantiles.map(() => new Array<number>(length));
  const desk = freshDesk();
  standAt(state, desk, state.memory.last);
  for (let i = 0; i < length; i++) {
    const parts = binSeen(state, desk, first + i * every);
    for (let q = 0; q < curves.length; q++)
      curves[q]![i] = inHundredths(loadOf(rootAhead(parts, errors[q]!)));
  }
  return curves;
}

/** The loads of one bin at `quantiles`, in the unit of the samples. */
export function loadsOf(state: ForecastState, quantiles: readonly Quantile[], bin: number): number[] {
  const roots = rootsAt(binAhead(state, freshDesk(), bin), state.leads, quantiles);
  return roots.map((root) => inHundredths(loadOf(root)));
}

function inHundredths(load: number): number {
  return Math.round(100 * load) / 100;
}
