/**
 * Seven simple forecasters per lead, and how far each is believed. Weights follow misses: the share of an expert falls
 * with a high power of its decayed sum of absolute misses, which is an exponential weight on the logarithm of the loss,
 * and so needs no rate that fits the units of the load. Misses are remembered twice, for days and for hours, and half of
 * the trust goes by each: days tell who is good, hours who is right today. After a shift of the level the second half
 * changes sides within hours, and where nothing happens it does little harm, since a short memory is held to a low power.
 * Nobody's weight falls to nothing: an expert that was wrong all week gets its chance when the world turns its way.
 * Sources: Littlestone and Warmuth, "The weighted majority algorithm" (1994); Herbster and Warmuth, "Tracking the best
 * expert" (1998), for the floor; Devaine, Gaillard, Goude and Stoltz (2013), for load forecasts.
 *
 * The trap: the expert that learns is best nearly always, and far off when it fails (a first day, a new level). The
 * simple ones are there for those days; all answers are kept within what was lately seen.
 */
import { HOUR_MS } from "../time.ts";
import { LAST, LAST_6H, LAST_WEEK, USUAL, YESTERDAY } from "./features.ts";
import type { Lead } from "./lead.ts";

export const EXPERTS = ["regression", "belief", "level", "yesterday", "last week", "usual", "today"] as const;
/** Beside the experts' misses those of their mixture are kept. */
export const MIXTURE = EXPERTS.length;
export const YESTERDAY_EXPERT = EXPERTS.indexOf("yesterday");

/** Half a day ahead and more, even the short memory must tell Friday from Monday. */
const HALF_LIFE_DAYS = { near: { long: 1.5, short: 0.15 }, far: { long: 3, short: 1 } };
const FAR_MS = 12 * HOUR_MS;
const FLOOR = 0.005;
const TINY = 1e-9;
/** No expert may exceed the highest root of the last days by more. */
const HEADROOM = 1.3;
/** How much of the last six hours' deviation the usual expert expects to stay. */
const STAYING = 0.6;
/** After so long half of the last bin's deviation is expected to be left. */
const TODAY_FADES_MS = 12 * HOUR_MS;

/** Share of a miss that is forgotten in one bin, by the long memory and by the short one. */
export function forgottenPerBin(perDay: number, leadMs: number): { long: number; short: number } {
  const { long, short } = leadMs >= FAR_MS ? HALF_LIFE_DAYS.far : HALF_LIFE_DAYS.near;
  return { long: Math.LN2 / (long * perDay), short: Math.LN2 / (short * perDay) };
}

/** What a miss still weighs one bin later, by the long memory. */
export function keptPerBin(perDay: number, leadMs: number): number {
  return 1 - forgottenPerBin(perDay, leadMs).long;
}

/** Fills `answers` with each expert's root and returns their mixture. `level`: the last hour's mean root. */
export function askExperts(
  answers: Float64Array,
  { shares, weights, belief, leadMs }: Pick<Lead, "shares" | "weights" | "belief" | "leadMs">,
  x: Float64Array,
  level: number,
  highest: number,
): number {
  const usual = x[USUAL]!;
  let learned = 0;
  let believed = 0;
  for (let j = 0; j < x.length; j++) {
    learned += weights[j]! * x[j]!;
    believed += belief[j]! * x[j]!;
  }
  answers[0] = learned;
  answers[1] = believed;
  answers[2] = level;
  answers[3] = usual + x[YESTERDAY]!;
  answers[4] = usual + x[LAST_WEEK]!;
  answers[5] = usual + STAYING * x[LAST_6H]!;
  answers[6] = usual + x[LAST]! / (1 + leadMs / TODAY_FADES_MS);
  let mixture = 0;
  for (let j = 0; j < EXPERTS.length; j++) {
    answers[j] = Math.min(HEADROOM * highest, Math.max(0, answers[j]!));
    mixture += shares[j]! * answers[j]!;
  }
  return mixture;
}

/** Books in one memory what each expert, and the mixture, missed `root` by; `kept` is what older misses still weigh. */
export function judgeExperts(
  misses: Float64Array,
  answers: Float64Array,
  mixture: number,
  root: number,
  rows: number,
  kept: number,
): void {
  for (let j = 0; j < MIXTURE; j++) {
    misses[j] = misses[j]! * kept + rows * Math.abs(root - answers[j]!);
  }
  misses[MIXTURE] = misses[MIXTURE]! * kept + rows * Math.abs(root - mixture);
}

/** Shares that follow from both memories; their sum is 1. The long one counts to the 16th power, the short one to the 4th. */
export function settleShares(misses: Float64Array, lately: Float64Array, shares: Float64Array): void {
  const least = leastOf(misses);
  const leastLately = leastOf(lately);
  let sum = 0;
  let sumLately = 0;
  for (let j = 0; j < MIXTURE; j++) {
    shares[j] = fourth(fourth(least / (misses[j]! + TINY)));
    sum += shares[j]!;
    sumLately += fourth(leastLately / (lately[j]! + TINY));
  }
  const all = 1 + MIXTURE * FLOOR;
  const byDays = 0.5 / (sum * all);
  const byHours = 0.5 / (sumLately * all);
  for (let j = 0; j < MIXTURE; j++) {
    shares[j] = byDays * shares[j]! + byHours * fourth(leastLately / (lately[j]! + TINY)) + FLOOR / all;
  }
}

function leastOf(misses: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < MIXTURE; j++) if (misses[j]! + TINY < least) least = misses[j]! + TINY;
  return least;
}

function fourth(share: number): number {
  const square = share * share;
  return square * square;
}
