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
import { type Profile, usualRoot, weeksSeen } from "./profile.ts";
import { loadOf } from "./root.ts";
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
  const { profile } = state;
  const roots = Float64Array.from({ length: profile.week.length }, (_, slot) => usualRoot(profile, slot));
  const strength = strengthOf(state, roots);
  const perHour = HOUR_MS / state.binMs;
  const { confidence } = describe(state, state.through);
  return Array.from({ length: HOURS_PER_WEEK }, (_, hour) => {
    const from = hour * perHour;
    let [total, peak, samples, weeks] = [0, 0, 0, Number.POSITIVE_INFINITY];
    for (let slot = from; slot < from + perHour; slot++) {
      const load = loadOf(roots[slot]!);
      const seen = weeksSeen(profile, slot);
      total += load;
      peak = Math.max(peak, load);
      samples += seen;
      weeks = Math.min(weeks, seen);
    }
    return {
      dayOfWeek: Math.floor(hour / 24),
      hourOfDay: hour % 24,
      usualLoad: rounded(total / perHour),
      peakLoad: rounded(peak),
      weeksSeen: weeks,
      season: seasonOf(profile, from, perHour, weeks),
      strength,
      samples,
      confidence: rounded(confidence * Math.min(1, weeks / WEEKS_TO_KNOW)),
    };
  });
}

function seasonOf({ day, dayCount }: Profile, from: number, slots: number, weeks: number): Season {
  if (weeks >= WEEKS_TO_SPEAK) return "weekly";
  for (let slot = from; slot < from + slots; slot++) if (dayCount[slot % day.length]! > 0) return "daily";
  return "none";
}

/** In roots, where the forecaster measures: there a miss at noon weighs like one at night. */
function strengthOf({ leads, binMs }: ForecastState, week: Float64Array): number {
  const level = mean(week);
  const season = mean(week.map((root) => (root - level) ** 2));
  const { low } = leadsAround(leads, DAY_MS / binMs);
  const miss = leads[low]!.tally[MEAN_MISS]!;
  return season <= LEAST_SEASON * level ** 2 ? 0 : rounded(season / (season + miss ** 2));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
