/**
 * What the forecaster says of itself: how far to trust it, why this curve, and whom it listens to.
 *
 * Confidence is skill: one minus its misses an hour ahead over those of "the same time yesterday", on forecasts of the
 * last days that are resolved, times the share of a first day that was seen. 0.6 says "misses by 40 % of what yesterday's
 * curve misses by". Where both are always right (a pool that sleeps) it is 1.
 */
import { clamp } from "../clamp.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../time.ts";
import { binAhead, rootsAt } from "./bins-ahead.ts";
import { EXPERTS, MIXTURE, YESTERDAY_EXPERT } from "./experts.ts";
import { binAt, placeOf } from "./grid.ts";
import { leadsAround } from "./lead.ts";
import { DEV_1H, trackAt } from "./memory.ts";
import { freshDesk } from "./mixture.ts";
import { usualRoot } from "./profile.ts";
import { loadOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

const PARTS_OF_DAY = ["night", "morning", "afternoon", "evening"] as const;

export function describe(state: ForecastState, at: Instant): { confidence: number; reason: string } {
  return { confidence: confidenceOf(state), reason: reasonOf(state, at) };
}

/** The share of each expert at the learned leads around `aheadMs`, largest first. */
export function explain(state: ForecastState, aheadMs: number): { expert: string; share: number }[] {
  const { low, high, share } = leadsAround(state.leads, Math.max(1, Math.round(aheadMs / state.binMs)));
  const [near, far] = [state.leads[low]!.shares, state.leads[high]!.shares];
  return EXPERTS.map((expert, j) => ({ expert, share: near[j]! * (1 - share) + far[j]! * share })).sort(
    (a, b) => b.share - a.share,
  );
}

function confidenceOf({ leads, profile, binMs }: ForecastState): number {
  const { low } = leadsAround(leads, Math.max(1, Math.round(HOUR_MS / binMs)));
  const { misses } = leads[low]!;
  const naive = misses[YESTERDAY_EXPERT]!;
  const skill = naive > 0 ? clamp(1 - misses[MIXTURE]! / naive, 0, 1) : 1;
  return round(skill * Math.min(1, profile.overallCount / profile.day.length));
}

function reasonOf(state: ForecastState, at: Instant): string {
  const { profile, memory } = state;
  if (profile.overallCount === 0) return "no history yet";
  if (profile.overallCount < profile.day.length)
    return "less than a day of history, the last level stands in";
  const place = placeOf(state, binAt(state, at));
  const weeks = profile.weekCount[place.slot]!;
  const alike =
    weeks === 0
      ? "not seen before, the usual day stands in"
      : `${weeks} ${weeks === 1 ? "week" : "weeks"} alike`;
  const usual = usualRoot(profile, placeOf(state, memory.last).slot);
  const now = loadOf(usual + trackAt(memory, DEV_1H, memory.last));
  return `${whenOf(place.slot, state.binMs)} ${shapeOf(state, at)}, ${alike}, ${comparedWith(loadOf(usual), now)}`;
}

function whenOf(slot: number, binMs: number): string {
  const time = slot * binMs;
  const kind = time >= 5 * DAY_MS ? "weekend" : "weekday";
  return `${kind} ${PARTS_OF_DAY[Math.floor((time % DAY_MS) / (6 * HOUR_MS))]}`;
}

/** Where the median goes within the hour after `at`. */
function shapeOf(state: ForecastState, at: Instant): string {
  const desk = freshDesk();
  const [first, later] = [at, at + HOUR_MS].map((instant) => {
    const [median] = rootsAt(binAhead(state, desk, binAt(state, instant)), state.leads, [0.5]);
    return loadOf(median!);
  }) as [number, number];
  if (Math.max(first, later) < 0.5) return "quiet";
  if (later > 1.15 * first) return "ramp";
  return later < first / 1.15 ? "decline" : "plateau";
}

function comparedWith(usual: number, now: number): string {
  const ratio = usual > 0 ? now / usual : 1;
  if (ratio > 1.05) return `${Math.round((ratio - 1) * 100)} % more than usual now`;
  if (ratio < 0.95) return `${Math.round((1 - ratio) * 100)} % less than usual now`;
  return "as usual now";
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
