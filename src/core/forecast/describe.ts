/**
 * What the seasonal forecaster says of itself.
 *
 * Confidence: one minus the mean relative error an hour ahead, times the share of a week that was seen. Near 1 means
 * "a week of history, and the last forecasts were close"; a day of history can reach a seventh at most.
 */
import type { Instant } from "../time.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import { timeOfWeekMs } from "../zone.ts";
import { HORIZONS_MS } from "./forecast.ts";
import { WEEK_SLOTS, weekSlot, weeksSeen } from "./profile.ts";
import type { ForecastState } from "./state.ts";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const HOUR_AHEAD = HORIZONS_MS.indexOf(HOUR_MS);

export function describe(
  state: ForecastState,
  at: Instant,
  ratio: number,
): { confidence: number; reason: string } {
  const weekShare = Math.min(1, state.profile.overallCount / WEEK_SLOTS);
  const accuracy = 1 - Math.min(1, state.calibrations[HOUR_AHEAD]!.size);
  return { confidence: round(weekShare * accuracy), reason: `${usually(state, at)}, ${today(ratio)}` };
}

function usually(state: ForecastState, at: Instant): string {
  if (state.profile.overallCount === 0) return "no history yet";
  const weeks = weeksSeen(state.profile, weekSlot(state.zone, at));
  const time = timeOfWeekMs(state.zone, at);
  const hour = Math.floor((time % DAY_MS) / HOUR_MS);
  const when = `${DAYS[Math.floor(time / DAY_MS)]} ${String(hour).padStart(2, "0")} h`;
  if (weeks === 0) return `${when} local was not seen before, the usual day stands in`;
  return `${when} local as in ${weeks} ${weeks === 1 ? "week" : "weeks"} before`;
}

function today(ratio: number): string {
  if (ratio > 1.05) return `${Math.round((ratio - 1) * 100)} % more than usual now`;
  if (ratio < 0.95) return `${Math.round((1 - ratio) * 100)} % less than usual now`;
  return "as usual now";
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
