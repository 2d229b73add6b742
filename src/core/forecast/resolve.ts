/**
 * Learning from mistakes. When a bin's load is known, every forecast that would have been made of it, from five minutes
 * to a day before, is made again from the memory of those moments, and judged: experts by what they missed, the spread
 * by the size of the miss, the errors by miss ÷ spread; the regression takes the bin as a row. Now and then all weights
 * are settled anew, each lead at its own time, so that no bin pays for all.
 *
 * Rows of long leads repeat one another, so not every bin is taken; the trap is a fixed distance, which would meet the
 * same minutes of each hour for ever, and never the job that runs at its start (see `isTurn`).
 */
import { fadeErrors, learnError } from "./errors.ts";
import { judgeExperts, settleShares } from "./experts.ts";
import { originFeatures, targetFeatures } from "./features.ts";
import type { Place } from "./grid.ts";
import { type Lead, MEAN_MISS, ROWS } from "./lead.ts";
import { addRow, fade } from "./least-squares.ts";
import { rootAt } from "./memory.ts";
import { type Desk, mixAgain, usualShare } from "./mixture.ts";
import { learnRow, settleWeights } from "./regression.ts";
import { addDoubt, dayPart, settleSpread, spreadFeatures, spreadOf } from "./spread.ts";
import { type ForecastState, grainOf } from "./state.ts";

/** What regressions know is half forgotten after so many days. */
const HALF_LIFE_DAYS = 14;
/** For so long every lead learns and settles more often: each row tells more while there are few. */
const EAGER_DAYS = 3;
const SETTLED_PER_DAY = 24;
const SETTLED_PER_DAY_LATER = 4;
/** A miss counts as no more than so many usual ones. */
const SPREADS_COUNTED = 6;
const MISSES_AVERAGED = 4;
/** Rows that the mean miss of a first day is worth. */
const FIRST_ROWS = 12;

/** Judges all leads' forecasts of `bin` by its root. Nothing of the bin may be in profile or running means yet. */
export function resolve(state: ForecastState, desk: Desk, bin: number, place: Place, root: number): void {
  const { memory, profile } = state;
  const eager = isEager(state);
  targetFeatures(desk.x, memory, profile, place, bin - 1);
  for (let rank = 0; rank < state.leads.length; rank++) {
    const lead = state.leads[rank]!;
    const every = eager ? lead.every : lead.everyLater;
    const origin = bin - lead.bins;
    if (!isTurn(bin + rank, every) || origin < memory.first + 2) continue;
    if (Number.isNaN(rootAt(memory, origin))) continue;
    resolveLead(state, desk, lead, place, origin, root, every);
  }
}

function resolveLead(
  state: ForecastState,
  desk: Desk,
  lead: Lead,
  place: Place,
  origin: number,
  root: number,
  every: number,
): void {
  const { memory, profile, pulse } = state;
  const { tally, spread, misses, lately, shares, forgotten } = lead;
  const perDay = profile.day.length;
  const rows = every / lead.every;
  originFeatures(desk.x, memory, perDay, origin);
  // Only at a whole day's lead is the bin after "yesterday" still to come.
  if (place.yesterday >= origin) targetFeatures(desk.x, memory, profile, place, origin);
  const mixture = mixAgain(state, desk, lead, origin);
  judgeExperts(misses, desk.answers, mixture, root, rows, 1 - every * forgotten.long);
  judgeExperts(lately, desk.answers, mixture, root, rows, 1 - every * forgotten.short);
  spreadFeatures(desk.g, memory, pulse.miss, state.missOfDayPart[dayPart(place, perDay)]!, origin);
  addDoubt(desk.g, desk.answers, shares, mixture, usualShare(desk));
  settleShares(misses, lately, shares);
  const mean = tally[MEAN_MISS]!;
  const width = spreadOf(spread, desk.g, mean);
  const miss = root - mixture;
  const farthest =
    mean > 0 ? SPREADS_COUNTED * Math.max(mean, width, grainOf(state)) : Number.POSITIVE_INFINITY;
  const size = Math.min(Math.abs(miss), farthest);
  learnError(lead.errors, miss / width, rows, lead.farthest);
  addRow(spread.sums, desk.g, size, rows);
  learnRow(lead.sums, lead.belief, desk.x, root, miss, width, rows);
  followMeanMiss(tally, size, rows, grainOf(state), profile.overallCount);
}

/**
 * The mean miss is half forgotten after seventy rows, and sooner while there are few: a first day knew no usual day, and
 * what it missed by says little about the second. No row counts as more than four usual misses.
 */
function followMeanMiss(tally: Float64Array, size: number, rows: number, grain: number, seen: number): void {
  const mean = tally[MEAN_MISS]!;
  const counted = mean > 0 ? Math.min(size, MISSES_AVERAGED * Math.max(mean, grain)) : size;
  const rate = Math.max(0.01 * rows, rows / (tally[ROWS]! + FIRST_ROWS), 1 / (seen + 1));
  tally[MEAN_MISS] = mean + (counted - mean) * rate;
  tally[ROWS]! += rows;
}

/** Weights and spreads from the sums, of those leads whose turn it is; what is old fades. */
export function settle(state: ForecastState, bin: number): void {
  const perDay = state.profile.day.length;
  const every = Math.max(1, Math.round(perDay / (isEager(state) ? SETTLED_PER_DAY : SETTLED_PER_DAY_LATER)));
  const kept = 1 - (every * Math.LN2) / (HALF_LIFE_DAYS * perDay);
  for (let rank = (every - (bin % every)) % every; rank < state.leads.length; rank += every) {
    const lead = state.leads[rank]!;
    fade(lead.sums, kept);
    fade(lead.spread.sums, kept);
    fadeErrors(lead.errors);
    lead.tally[ROWS]! *= kept;
    settleWeights(lead.sums, lead.tally[ROWS]!, lead.weights, lead.belief, lead.leadMs);
    settleSpread(lead.spread);
  }
}

function isEager({ profile }: ForecastState): boolean {
  return profile.overallCount < EAGER_DAYS * profile.day.length;
}

/** True for one bin in `every`, spread evenly but at no fixed distance: Weyl's sequence of the golden ratio. */
function isTurn(bin: number, every: number): boolean {
  return every === 1 || (Math.imul(bin, 0x9e3779b1) >>> 0) * every < 2 ** 32;
}
