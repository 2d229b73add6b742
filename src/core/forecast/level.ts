/**
 * How today compares with the usual: recent load over recent usual load, each a running sum that halves every half hour.
 * A ratio of 1.2 says "a fifth more than usual just now".
 *
 * The further ahead, the less today says: the ratio is drawn to 1 and has lost half of its effect (in logarithms)
 * after six hours. A pull towards 1 of one usual bin keeps quiet hours from turning three requests into "triple".
 */
import { HOUR_MS } from "../time.ts";

/** Share that stays after one 5-minute bin: 0.5^(5/30). */
const KEPT_PER_BIN = 0.5 ** (5 / 30);
const EFFECT_HALF_LIFE_MS = 6 * HOUR_MS;
const RATIO_LIMIT = 20;

export type Level = { recentLoad: number; recentUsual: number };

export function freshLevel(): Level {
  return { recentLoad: 0, recentUsual: 0 };
}

export function learnLevel(level: Level, load: number, usual: number): void {
  level.recentLoad = level.recentLoad * KEPT_PER_BIN + load;
  level.recentUsual = level.recentUsual * KEPT_PER_BIN + usual;
}

/** A bin that nobody measured: what was known before it fades, and the ratio with it. */
export function fadeLevel(level: Level): void {
  level.recentLoad *= KEPT_PER_BIN;
  level.recentUsual *= KEPT_PER_BIN;
}

/** Recent load over usual load, in [1/20, 20]; `steadyLoad` (requests a minute) is the pull towards 1. */
export function levelRatio(level: Level, steadyLoad: number): number {
  const ratio = (level.recentLoad + steadyLoad) / (level.recentUsual + steadyLoad);
  return Math.min(RATIO_LIMIT, Math.max(1 / RATIO_LIMIT, ratio));
}

/** What the ratio of now still says `leadMs` later. */
export function dampedRatio(ratio: number, leadMs: number): number {
  return ratio ** (0.5 ** (leadMs / EFFECT_HALF_LIFE_MS));
}
