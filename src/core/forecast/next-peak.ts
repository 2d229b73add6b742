/**
 * The next peak foreseen: the busiest bin of the coming day at the quantile that machines are counted by. People ask for
 * it before anything else; nothing is decided from it.
 */
import { DAY_MS, type Instant } from "../time.ts";
import type { Forecast } from "./forecast.ts";

/** So far the peak is looked for: every pool's day has one. */
export const PEAK_WINDOW_MS = DAY_MS;

export type NextPeak = {
  /** Start of the bin. */
  readonly at: Instant;
  /** Requests a minute at the forecast's first quantile. */
  readonly load: number;
};

/** The first of the busiest bins, or null where the forecast has none or foresees no traffic at all. */
export function nextPeakOf({
  start,
  binMs,
  load,
}: Pick<Forecast, "start" | "binMs" | "load">): NextPeak | null {
  const curve = load[0] ?? [];
  const peak = curve.reduce((highest, value) => Math.max(highest, value), 0);
  return peak > 0 ? { at: start + curve.indexOf(peak) * binMs, load: peak } : null;
}
