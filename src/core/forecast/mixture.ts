/**
 * One forecast of one bin at one lead: features, experts, their common root. The same few lines serve a forecast of
 * tomorrow and the judging of one that would have been made yesterday.
 */
import { askExperts, EXPERTS } from "./experts.ts";
import { FEATURES, originFeatures, targetFeatures, USUAL } from "./features.ts";
import type { Place } from "./grid.ts";
import type { Lead } from "./lead.ts";
import { LEVEL_1H, trackAt } from "./memory.ts";
import { SPREAD_FEATURES } from "./spread.ts";
import type { ForecastState } from "./state.ts";

/** Room for the numbers of one forecast, so that learning a month allocates nothing a bin. */
export type Desk = { readonly x: Float64Array; readonly g: Float64Array; readonly answers: Float64Array };

export function freshDesk(): Desk {
  return {
    x: new Float64Array(FEATURES),
    g: new Float64Array(SPREAD_FEATURES),
    answers: new Float64Array(EXPERTS.length),
  };
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
