/**
 * The distribution of one bin to come: a median root, a spread, and the errors of the two leads around it. Quantiles and
 * shares are read in roots; between two leads both answers are averaged (Vincent's mean of quantiles, which stays
 * monotone), beyond the longest lead the spread widens by a tenth for each doubling.
 */
import type { Quantile } from "../quantile.ts";
import { errorQuantile, errorShare, errorShares } from "./errors.ts";
import { originFeatures, targetFeatures } from "./features.ts";
import { firstDoubt } from "./first-doubt.ts";
import { binsPerDay, placeOf } from "./grid.ts";
import { type Lead, leadsAround, MEAN_MISS } from "./lead.ts";
import { type Desk, freshDesk, mixAgain, usualShare } from "./mixture.ts";
import { loadOf } from "./root.ts";
import { addDoubt, dayPart, spreadFeatures, spreadOf } from "./spread.ts";
import type { ForecastState } from "./state.ts";

const WIDENING_PER_DOUBLING = 0.1;

type Part = {
  readonly lead: number;
  readonly share: number;
  readonly median: number;
  readonly spread: number;
};
/** One part, or two whose shares sum to 1. */
export type BinAhead = readonly Part[];

/** What is known of `bin` from `origin`, the last bin that is known: by default the newest. */
export function binAhead(
  state: ForecastState,
  desk: Desk,
  bin: number,
  origin = state.memory.last,
): BinAhead {
  const ahead = Math.max(1, bin - origin);
  const { low, high, share } = leadsAround(state.leads, ahead);
  const place = placeOf(state, bin);
  const part = dayPart(place, binsPerDay(state));
  targetFeatures(desk.x, state.memory, state.profile, place, origin);
  originFeatures(desk.x, state.memory, state.profile.day.length, origin);
  spreadFeatures(desk.g, state.memory, state.pulse.miss, state.missOfDayPart[part]!, origin);
  const near = partAt(state, desk, low, low === high ? 1 : 1 - share, origin, ahead);
  return low === high ? [near] : [near, partAt(state, desk, high, share, origin, ahead)];
}

/** One lead's answer, from the features that lie on the desk. */
function partAt(
  state: ForecastState,
  desk: Desk,
  rank: number,
  share: number,
  origin: number,
  ahead: number,
): Part {
  const lead = state.leads[rank]!;
  const beyond = rank === state.leads.length - 1 ? Math.max(0, Math.log2(ahead / lead.bins)) : 0;
  const median = mixAgain(state, desk, lead, origin);
  addDoubt(desk.g, desk.answers, lead.shares, median, usualShare(desk));
  const learned = spreadOf(lead.spread, desk.g, lead.tally[MEAN_MISS]!);
  const spread = Math.max(learned, origin === state.memory.last ? firstDoubt(state, lead, median) : 0);
  return { lead: rank, share, median, spread: (1 + WIDENING_PER_DOUBLING * beyond) * spread };
}

/** errors[lead] for one quantile: read once, used for every bin. */
export function errorsAt(leads: readonly Lead[], quantile: Quantile): readonly number[] {
  return leads.map((lead) => errorQuantile(lead.errors, quantile));
}

/** The root at the quantile that `errors` was read for. */
export function rootAhead(parts: BinAhead, errors: readonly number[]): number {
  let root = 0;
  for (const part of parts) root += part.share * (part.median + part.spread * errors[part.lead]!);
  return Math.max(0, root);
}

/** The same for one bin alone: only its own leads' errors are read. */
export function rootAt(parts: BinAhead, leads: readonly Lead[], quantile: Quantile): number {
  let root = 0;
  for (const part of parts)
    root += part.share * (part.median + part.spread * errorQuantile(leads[part.lead]!.errors, quantile));
  return Math.max(0, root);
}

/** shares[lead]: all errors summed up, read once, used for every root. */
export function sharesOf(leads: readonly Lead[]): readonly Float64Array[] {
  return leads.map((lead) => errorShares(lead.errors));
}

/** How likely the bin stays at or under `root`. */
export function shareBelow(parts: BinAhead, shares: readonly Float64Array[], root: number): number {
  let share = 0;
  for (const part of parts) {
    share += part.share * errorShare(shares[part.lead]!, (root - part.median) / part.spread);
  }
  return share;
}

/**
 * Reads the loads of any bins at one list of quantiles.
 * @returns a function of the bin's number: loads in the unit of the samples, in the order of `quantiles`
 */
export function loadReader(state: ForecastState, quantiles: readonly Quantile[]): (bin: number) => number[] {
  const errors = quantiles.map((quantile) => errorsAt(state.leads, quantile));
  const desk = freshDesk();
  return (bin) => {
    const ahead = binAhead(state, desk, bin);
    return errors.map((ofLeads) => Math.round(100 * loadOf(rootAhead(ahead, ofLeads))) / 100);
  };
}
