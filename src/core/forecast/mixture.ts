/**
 * One forecast of one bin at one lead: features, experts, their common root. The same few lines serve a forecast of
 * tomorrow and the judging of one that would have been made yesterday.
 *
 * A day ahead is hundreds of bins seen from one origin: `standAt` lays on the desk what is known there, once, and each
 * target is then added to it.
 */
import { askExperts, EXPERTS } from "./experts.ts";
import {
  compareFeatures,
  deviationFeatures,
  FEATURES,
  originFeatures,
  targetFeatures,
  USUAL,
} from "./features.ts";
import type { Place } from "./grid.ts";
import type { Lead } from "./lead.ts";
import { LEVEL_1H, LEVEL_15M, trackAt } from "./memory.ts";
import { dayPart, MISS_OF_DAY_PART, SPREAD_FEATURES, spreadFeatures } from "./spread.ts";
import type { ForecastState } from "./state.ts";

/** Room for the numbers of one forecast, so that learning a month allocates nothing a bin. */
export type Desk = {
  readonly x: Float64Array;
  readonly g: Float64Array;
  readonly answers: Float64Array;
  /** Where `standAt` stood last, and the running levels there. */
  origin: number;
  level15m: number;
  level1h: number;
};

export function freshDesk(): Desk {
  return {
    x: new Float64Array(FEATURES),
    g: new Float64Array(SPREAD_FEATURES),
    answers: new Float64Array(EXPERTS.length),
    origin: Number.NaN,
    level15m: 0,
    level1h: 0,
  };
}

/** Lays on the desk what is known at `origin`, for all targets that are looked at from there until the state changes. */
export function standAt({ memory, profile, pulse }: ForecastState, desk: Desk, origin: number): void {
  deviationFeatures(desk.x, memory, profile.day.length, origin);
  spreadFeatures(desk.g, memory, pulse.miss, 0, origin);
  desk.origin = origin;
  desk.level15m = trackAt(memory, LEVEL_15M, origin);
  desk.level1h = trackAt(memory, LEVEL_1H, origin);
}

/** Adds a target to what lies on the desk. */
export function lookAt({ memory, profile, missOfDayPart }: ForecastState, desk: Desk, place: Place): void {
  targetFeatures(desk.x, memory, profile, place, desk.origin);
  compareFeatures(desk.x, desk.level15m, desk.level1h);
  desk.g[MISS_OF_DAY_PART] = missOfDayPart[dayPart(place, profile.day.length)]!;
}

/** The experts' common root at one lead for what lies on the desk. */
export function mixSeen({ pulse }: ForecastState, desk: Desk, lead: Lead): number {
  return askExperts(desk.answers, lead, desk.x, desk.level1h, pulse.highest);
}

/** The experts' common root for a target, seen from an origin; fills the desk on the way. */
export function mix(state: ForecastState, desk: Desk, lead: Lead, place: Place, origin: number): number {
  targetFeatures(desk.x, state.memory, state.profile, place, origin);
  originFeatures(desk.x, state.memory, state.profile.day.length, origin);
  return mixAgain(state, desk, lead, origin);
}

/** The same at another lead, from the features that lie on the desk. */
export function mixAgain({ memory, pulse }: ForecastState, desk: Desk, lead: Lead, origin: number): number {
  const level = trackAt(memory, LEVEL_1H, origin);
  return askExperts(desk.answers, lead, desk.x, level, pulse.highest);
}

/** The usual root of the bin that lies on the desk, as a share of the mean of all. */
export function usualShare({ x }: Desk): number {
  return x[0]! > 0 ? x[USUAL]! / x[0]! : 1;
}
