/**
 * The profile as a person reads it in SQL: usual load per hour of the local week. Learned once, in forecast state;
 * these rows are its picture, never a second model.
 */
import { HOUR_MS } from "../time.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";
import { usualLoad, WEEK_SLOTS, weeksSeen } from "./profile.ts";
import type { ForecastState } from "./state.ts";

const SLOTS_PER_HOUR = HOUR_MS / FORECAST_BIN_MS;
const HOURS_PER_WEEK = WEEK_SLOTS / SLOTS_PER_HOUR;

export type Pattern = {
  /** 0 is Monday. */
  readonly dayOfWeek: number;
  readonly hourOfDay: number;
  /** Mean and busiest 5-minute slot of the hour, requests a minute. */
  readonly usualLoad: number;
  readonly peakLoad: number;
  readonly weeksSeen: number;
};

export function patternsOf(state: ForecastState): Pattern[] {
  return Array.from({ length: HOURS_PER_WEEK }, (_, hour) => {
    const slots = Array.from({ length: SLOTS_PER_HOUR }, (_, i) => hour * SLOTS_PER_HOUR + i);
    const loads = slots.map((slot) => usualLoad(state.profile, slot));
    return {
      dayOfWeek: Math.floor(hour / 24),
      hourOfDay: hour % 24,
      usualLoad: loads.reduce((sum, load) => sum + load, 0) / loads.length,
      peakLoad: Math.max(...loads),
      weeksSeen: Math.min(...slots.map((slot) => weeksSeen(state.profile, slot))),
    };
  });
}
