/**
 * All that is learned for one lead: its regression, its experts, its spread, its errors. Eleven leads from 5 minutes to a
 * day are learned (and three shorter ones where bins are of a minute); a forecast between two of them is the mean of both, by the logarithm of the lead, and one beyond a day
 * is that of a day, widened.
 *
 * The trap: beyond a day the profile that is judged has already learned the bin between; what looks like skill there
 * would be memory. So nothing is learned at two days or a week.
 */
import { HOUR_MS, MINUTE_MS } from "../time.ts";
import { FIRST_COUNT, fadeErrors, freshErrors } from "./errors.ts";
import { EXPERTS, forgottenPerBin } from "./experts.ts";
import { FEATURES } from "./features.ts";
import { binsPerDay, type Grid } from "./grid.ts";
import { emptySums, fade, type Sums } from "./least-squares.ts";
import { believedWeights } from "./regression.ts";
import { copiesOf } from "./room.ts";
import { freshSpread, type SpreadModel } from "./spread.ts";

/** The first three are for bins of a minute; with wider ones they round to none or to those that follow. */
const LEAD_MINUTES: readonly number[] = [1, 2, 3, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1_080, 1_440];
/** A storm may last so long: that far ahead it is news, and its size counts; beyond, it is an accident. */
const STORM_MS = 2 * HOUR_MS;
const FARTHEST_NEAR = 12;
const FARTHEST = 6;
/** What stays of what was learned on the first day, which knew no usual day yet. */
const KEPT_OF_FIRST_DAY = 0.05;

export type Lead = {
  readonly bins: number;
  readonly leadMs: number;
  /** A row is learned at every so many bins; later, with rows enough, at fewer. */
  readonly every: number;
  readonly everyLater: number;
  readonly sums: Sums;
  readonly weights: Float64Array;
  readonly belief: Float64Array;
  /** Of each expert and of the mixture: over days, and over hours. */
  readonly misses: Float64Array;
  readonly lately: Float64Array;
  /** Shares of them that are forgotten in one bin. */
  readonly forgotten: { readonly long: number; readonly short: number };
  readonly shares: Float64Array;
  readonly spread: SpreadModel;
  /** Errors beyond so many spreads are alike. */
  readonly farthest: number;
  readonly errors: Float64Array;
  /** Rows learned (decayed), mean absolute miss. */
  readonly tally: Float64Array;
};

export const ROWS = 0;
export const MEAN_MISS = 1;

export function freshLeads(grid: Grid): Lead[] {
  const longest = binsPerDay(grid);
  const bins = LEAD_MINUTES.map((minutes) => Math.round((minutes * MINUTE_MS) / grid.binMs));
  return [...new Set(bins)]
    .filter((lead) => lead >= 1 && lead <= longest)
    .map((lead, i) => freshLead(grid, lead, i));
}

function freshLead(grid: Grid, bins: number, rank: number): Lead {
  const { binMs } = grid;
  const minutes = rank <= 2 ? 5 : rank <= 4 ? 10 : 20;
  const every = Math.max(1, Math.round((minutes * MINUTE_MS) / binMs));
  const belief = believedWeights(bins * binMs);
  return {
    bins,
    leadMs: bins * binMs,
    every,
    everyLater: Math.max(every, Math.round((3 * minutes * MINUTE_MS) / binMs)),
    sums: emptySums(FEATURES),
    weights: belief.slice(),
    belief,
    misses: new Float64Array(EXPERTS.length + 1),
    lately: new Float64Array(EXPERTS.length + 1),
    forgotten: forgottenPerBin(binsPerDay(grid), bins * binMs),
    shares: new Float64Array(EXPERTS.length).fill(1 / EXPERTS.length),
    spread: freshSpread(),
    farthest: bins * binMs <= STORM_MS ? FARTHEST_NEAR : FARTHEST,
    errors: freshErrors(),
    tally: new Float64Array(2),
  };
}

/** A lead that learns on its own. */
export function copyLead(lead: Lead): Lead {
  const { sums, spread } = lead;
  const ofForecast = [sums.gram, sums.moment, lead.weights, lead.belief];
  const ofExperts = [lead.misses, lead.lately, lead.shares];
  const ofSpread = [spread.sums.gram, spread.sums.moment, spread.weights, lead.errors, lead.tally];
  const [gram, moment, weights, belief, misses, lately, shares, ...others] = copiesOf([
    ...ofForecast,
    ...ofExperts,
    ...ofSpread,
  ]);
  const [spreadGram, spreadMoment, spreadWeights, errors, tally] = others;
  return {
    bins: lead.bins,
    leadMs: lead.leadMs,
    every: lead.every,
    everyLater: lead.everyLater,
    sums: { gram: gram!, moment: moment! },
    weights: weights!,
    belief: belief!,
    misses: misses!,
    lately: lately!,
    forgotten: lead.forgotten,
    shares: shares!,
    spread: { sums: { gram: spreadGram!, moment: spreadMoment! }, weights: spreadWeights! },
    farthest: lead.farthest,
    errors: errors!,
    tally: tally!,
  };
}

/** After the first day: what was learned without a usual day to compare with is nearly forgotten. */
export function forgetFirstDay(lead: Lead): void {
  fade(lead.sums, KEPT_OF_FIRST_DAY);
  fade(lead.spread.sums, KEPT_OF_FIRST_DAY);
  for (let j = 0; j < lead.misses.length; j++) {
    lead.misses[j]! *= KEPT_OF_FIRST_DAY;
    lead.lately[j]! *= KEPT_OF_FIRST_DAY;
  }
  lead.tally[ROWS]! *= KEPT_OF_FIRST_DAY;
  fadeErrors(lead.errors, FIRST_COUNT);
}

/** The two leads around `bins`, and the share of the longer one. */
export function leadsAround(
  leads: readonly Lead[],
  bins: number,
): { low: number; high: number; share: number } {
  const last = leads.length - 1;
  let low = 0;
  while (low < last && leads[low + 1]!.bins <= bins) low++;
  const shorter = leads[low]!.bins;
  if (low === last || bins <= shorter) return { low, high: low, share: 0 };
  return { low, high: low + 1, share: Math.log(bins / shorter) / Math.log(leads[low + 1]!.bins / shorter) };
}
