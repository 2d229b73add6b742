/**
 * The profile as a person reads it in SQL: usual load per hour of the local week, and how far it can be trusted. Learned
 * once, in forecast state; these rows are its picture, never a second model.
 *
 * Strength is the share of the load's variation that the usual week explains: the variance of its slots, over that and the
 * squared error that is usual a day ahead (as in STL: Cleveland et al. 1990, with the error of a real forecast for the
 * remainder). 0 is a flat or unpredictable load, 1 a clockwork.
 *
 * The trap: SQL keeps these numbers as reals, and refuses one that is too small, the whole tick with it. So loads are rounded
 * to hundredths, as in a forecast.
 */
import { DAY_MS, HOUR_MS, WEEK_MS } from "../time.ts";
import { describe } from "./describe.ts";
import { leadsAround, MEAN_MISS } from "./lead.ts";
import { usualLoad, usualRoot, weeksSeen } from "./profile.ts";
import type { ForecastState } from "./state.ts";

const HOURS_PER_WEEK = WEEK_MS / HOUR_MS;
/** An hour of the week seen so often speaks for itself more than the usual day does. */
const WEEKS_TO_SPEAK = 2;
/** An hour seen so often is known as well as it ever will be. */
const WEEKS_TO_KNOW = 4;

/** Variance of the week below this share of its squared level is rounding, and no season. */
const LEAST_SEASON = 1e-9;

/** Which season speaks for an hour: its own in the week, the same of any day, or none yet. */
export type Season = "weekly" | "daily" | "none";

export type Pattern = {
  /** 0 is Monday. */
  readonly dayOfWeek: number;
  readonly hourOfDay: number;
  /** Mean and busiest slot of the hour, requests a minute. */
  readonly usualLoad: number;
  readonly peakLoad: number;
  readonly weeksSeen: number;
  readonly season: Season;
  /** In [0, 1], of the whole profile. */
  readonly strength: number;
  /** Bins that were seen in this hour of the week. */
  readonly samples: number;
  /** In [0, 1]: the forecaster's own, times the share of four weeks in which the hour was seen. */
  readonly confidence: number;
};

export function patternsOf(state: ForecastState): Pattern[] {
  const strength = strengthOf(state);
  const perHour = HOUR_MS / state.binMs;
  const { confidence } = describe(state, state.through);
  return Array.from({ length: HOURS_PER_WEEK }, (_, hour) => {
    const slots = Array.from({ length: perHour }, (_, i) => hour * perHour + i);
    const loads = slots.map((slot) => usualLoad(state.profile, slot));
    const seen = slots.map((slot) => weeksSeen(state.profile, slot));
    const weeks = Math.min(...seen);
    return {
      dayOfWeek: Math.floor(hour / 24),
      hourOfDay: hour % 24,
      usualLoad: rounded(mean(loads)),
      peakLoad: rounded(Math.max(...loads)),
      weeksSeen: weeks,
      season: seasonOf(state, slots, weeks),
      strength,
      samples: seen.reduce((sum, count) => sum + count, 0),
      confidence: rounded(confidence * Math.min(1, weeks / WEEKS_TO_KNOW)),
    };
  });
}

function seasonOf({ profile }: ForecastState, slots: readonly number[], weeks: number): Season {
  if (weeks >= WEEKS_TO_SPEAK) return "weekly";
  return slots.some((slot) => profile.dayCount[slot % profile.day.length]! > 0) ? "daily" : "none";
}

/** In roots, where the forecaster measures: there a miss at noon weighs like one at night. */
function strengthOf({ profile, leads, binMs }: ForecastState): number {
  const week = Array.from({ length: profile.week.length }, (_, slot) => usualRoot(profile, slot));
  const level = mean(week);
  const season = mean(week.map((root) => (root - level) ** 2));
  const { low } = leadsAround(leads, DAY_MS / binMs);
  const miss = leads[low]!.tally[MEAN_MISS]!;
  return season <= LEAST_SEASON * level ** 2 ? 0 : rounded(season / (season + miss ** 2));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
