/**
 * Six simple forecasters per lead, and how far each is believed. Weights follow recent misses: the share of an expert
 * falls with the sixteenth power of its decayed sum of absolute misses, which is an exponential weight on the logarithm of the
 * loss, and so needs no rate that fits the units of the load. Nobody's weight falls to nothing: an expert that was wrong
 * all week is back within hours when the world turns its way.
 * Sources: Littlestone and Warmuth, "The weighted majority algorithm" (1994); Herbster and Warmuth, "Tracking the best
 * expert" (1998), for the floor; Devaine, Gaillard, Goude and Stoltz (2013), for load forecasts.
 *
 * The trap: the expert that learns is best nearly always, and far off when it fails (a first day, a new level). The
 * simple ones are there for those days; all answers are kept within what was lately seen.
 */
import { HOUR_MS } from "../time.ts";
import { LAST_6H, LAST_WEEK, USUAL, YESTERDAY } from "./features.ts";
import { weigh } from "./regression.ts";

export const EXPERTS = ["regression", "belief", "level", "yesterday", "last week", "usual"] as const;
/** Beside the experts' misses those of their mixture are kept. */
export const MIXTURE = EXPERTS.length;
export const YESTERDAY_EXPERT = EXPERTS.indexOf("yesterday");

/** Misses of minutes and hours ahead are soon old news; half a day ahead and more they must tell Friday from Monday. */
const MISS_HALF_LIFE_DAYS = 1.5;
const FAR_MISS_HALF_LIFE_DAYS = 3;
const FAR_MS = 12 * HOUR_MS;
const FLOOR = 0.005;
/** No expert may exceed the highest root of the last days by more. */
const HEADROOM = 1.3;
/** How much of the last six hours' deviation the usual expert expects to stay. */
const STAYING = 0.6;

/** What a miss still weighs one bin later. */
export function keptPerBin(perDay: number, leadMs: number): number {
  const days = leadMs >= FAR_MS ? FAR_MISS_HALF_LIFE_DAYS : MISS_HALF_LIFE_DAYS;
  return 1 - Math.LN2 / (days * perDay);
}

/** Fills `answers` with each expert's root and returns their mixture. `level`: the last hour's mean root. */
export function askExperts(
  answers: Float64Array,
  shares: Float64Array,
  weights: Float64Array,
  belief: Float64Array,
  x: Float64Array,
  level: number,
  highest: number,
): number {
  const usual = x[USUAL]!;
  answers[0] = weigh(weights, x);
  answers[1] = weigh(belief, x);
  answers[2] = level;
  answers[3] = usual + x[YESTERDAY]!;
  answers[4] = usual + x[LAST_WEEK]!;
  answers[5] = usual + STAYING * x[LAST_6H]!;
  let mixture = 0;
  for (let j = 0; j < EXPERTS.length; j++) {
    answers[j] = Math.min(HEADROOM * highest, Math.max(0, answers[j]!));
    mixture += shares[j]! * answers[j]!;
  }
  return mixture;
}

/** Books what each expert, and the mixture, missed `root` by. */
export function judgeExperts(
  misses: Float64Array,
  answers: Float64Array,
  mixture: number,
  root: number,
  rows: number,
  kept: number,
): void {
  for (let j = 0; j < EXPERTS.length; j++) {
    misses[j] = misses[j]! * kept + rows * Math.abs(root - answers[j]!);
  }
  misses[MIXTURE] = misses[MIXTURE]! * kept + rows * Math.abs(root - mixture);
}

/** Shares that follow from the misses; their sum is 1. */
export function settleShares(misses: Float64Array, shares: Float64Array): void {
  const tiny = 1e-9;
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < EXPERTS.length; j++) least = Math.min(least, misses[j]! + tiny);
  let sum = 0;
  for (let j = 0; j < EXPERTS.length; j++) {
    shares[j] = sixteenth(least / (misses[j]! + tiny)) + FLOOR;
    sum += shares[j]!;
  }
  for (let j = 0; j < EXPERTS.length; j++) shares[j]! /= sum;
}

function sixteenth(share: number): number {
  const fourth = share * share * share * share;
  return fourth * fourth * fourth * fourth;
}
