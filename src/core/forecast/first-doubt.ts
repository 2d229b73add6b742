/**
 * How wide to be where nothing was judged yet. Of a pool's first hour nobody knows whether it is night or noon, and a day
 * ahead is not judged before the second day: a spread learned from no miss at all would be none, and every quantile the
 * last level. So until a lead has been judged a dozen times on the first day its spread is at least a share of what it
 * forecasts, in roots.
 *
 * The shares are what the first days of nineteen series of traffic missed by, in round numbers. The trap: it is said of
 * forecasts, never learned from; after the first day nothing is left of it where there was one miss to learn from.
 */
import { DAY_MS } from "../time.ts";
import { type Lead, ROWS } from "./lead.ts";
import type { ForecastState } from "./state.ts";

/** Of the root: at once, for each square root of a day, and half a day away, where night stands against noon. */
const NEAR = 0.04;
const FAR = 0.1;
const OTHER_SIDE = 0.12;
const JUDGED_ROWS = 12;

/** The least spread of a forecast of `median` at this lead; 0 where what was learned counts alone. */
export function firstDoubt({ profile }: Pick<ForecastState, "profile">, lead: Lead, median: number): number {
  const rows = lead.tally[ROWS]!;
  const isFirstDay = profile.overallCount <= profile.day.length;
  if (rows > 0 && (!isFirstDay || rows >= JUDGED_ROWS)) return 0;
  const days = lead.leadMs / DAY_MS;
  const share = NEAR + FAR * Math.sqrt(days) + OTHER_SIDE * Math.sin(Math.PI * days);
  return (1 - rows / JUDGED_ROWS) * share * median;
}
