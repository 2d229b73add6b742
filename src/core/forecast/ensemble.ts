/**
 * The forecaster: seven simple experts at each of eleven leads, weighed by what they lately missed, with quantiles from
 * their common misses. What each part does, and whose idea it is, stands in its own file: root (the scale), profile (the
 * usual week), memory and features (what is looked at), regression and experts (the median), spread and errors (the
 * quantiles), peaks (the highest of a window), anomaly, learn (the order of it all), codec (at rest).
 *
 * `update` costs only what is new; the same samples give the same state in one call or in a thousand.
 *
 * The trap: samples arrive late. A bin is learned once, so it must be complete: the newest bin waits until it is over
 * and, where it or its end was not measured yet, for fifteen minutes more before what is there counts.
 */
import { coveredByEvent, type TrafficEvent } from "../events/event.ts";
import { floorTo, type Instant, MINUTE_MS } from "../time.ts";
import { measuredUntil, peakBetween, type TrafficSeries } from "../traffic.ts";
import { loadCurves } from "./bins-ahead.ts";
import { describe } from "./describe.ts";
import { FORECAST_BIN_MS, type Forecast, type Forecaster, type ForecastRequest } from "./forecast.ts";
import { binAt } from "./grid.ts";
import { lately } from "./lately.ts";
import { learner } from "./learn.ts";
import { copyState, emptyState, type ForecastState } from "./state.ts";

export const MODEL = "ensemble-1";
const LATE_MS = 15 * MINUTE_MS;
/** Loads are kept as float32; beyond its end they would be infinite, and every number that follows from them none. */
const MOST_LOAD = 3e38;

/** `binMs`: width of the bins that are learned and forecast, from 1 to 15 minutes, dividing a day. */
export function ensembleForecaster(zone: string, binMs = FORECAST_BIN_MS): Forecaster<ForecastState> {
  return {
    update: (state, samples, events, now) => update(zone, binMs, state, samples, events, now),
    forecast,
  };
}

function update(
  zone: string,
  binMs: number,
  before: ForecastState | null,
  samples: TrafficSeries,
  events: readonly TrafficEvent[],
  now: Instant,
): ForecastState {
  // Another zone moves every slot: what was learned in the old one is no longer about the same hours.
  const known = before !== null && before.zone === zone && before.binMs === binMs ? before : null;
  const complete = floorTo(now, binMs);
  if (known !== null && known.through >= complete) return known;
  const state = known ? copyState(known) : emptyState(zone, floorTo(samples.start, binMs), binMs);
  const newest = measuredUntil(samples) ?? samples.start;
  const learn = learner(state);
  for (let at = state.through; at < complete; at += binMs) {
    const load = peakBetween(samples, at, at + binMs);
    const mayGrow = load === null || (newest < at + binMs && !isWhole(samples, at, binMs));
    if (mayGrow && at + binMs + LATE_MS > now) break;
    const learned =
      load === null || coveredByEvent(events, at) ? Number.NaN : Math.fround(Math.min(load, MOST_LOAD));
    const bin = binAt(state, at);
    learn(bin, learned);
    state.journal[bin % state.journal.length] = learned;
    state.through = at + binMs;
  }
  return state;
}

function isWhole({ start, binMs, values }: TrafficSeries, from: Instant, widthMs: number): boolean {
  for (let at = from; at < from + widthMs; at += binMs) {
    if (Number.isNaN(values[Math.floor((at - start) / binMs)] ?? Number.NaN)) return false;
  }
  return true;
}

function forecast(state: ForecastState, request: ForecastRequest): Forecast {
  const every = Math.max(1, Math.round((request.binMs ?? state.binMs) / state.binMs));
  const binMs = every * state.binMs;
  const first = binAt(state, request.from);
  const length = Math.max(0, Math.ceil((request.until - first * state.binMs) / binMs));
  return {
    madeAt: request.from,
    model: MODEL,
    ...describe(state, first * state.binMs),
    start: first * state.binMs,
    binMs,
    quantiles: request.quantiles,
    load: loadCurves(state, request.quantiles, { first, length, every }),
    lately: lately(state, request.quantiles),
  };
}
