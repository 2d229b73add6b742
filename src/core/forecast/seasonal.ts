/**
 * The seasonal forecaster: usual load of the slot × how today compares, and quantiles from its own errors.
 *
 *   expected(bin, lead) = usual(slot of bin) × ratio(now)^(½^(lead / 6 h))
 *   quantile τ          = expected + (expected + floor) × error quantile τ at that lead
 *
 * `update` learns bin by bin and costs only what is new. Each bin is first predicted from the ratios of 15 minutes, an
 * hour, six hours and a day ago (kept in a ring of one day), which resolves those forecasts; only then is it learned.
 *
 * The trap: samples arrive late. A bin is learned once, so it must be complete: the newest bin waits until it is over
 * and, where it or its end was not measured yet, for fifteen minutes more before what is there counts.
 */
import { coveredByEvent, type TrafficEvent } from "../events/event.ts";
import { DAY_MS, floorTo, type Instant, MINUTE_MS } from "../time.ts";
import { measuredUntil, peakBetween, type TrafficSeries } from "../traffic.ts";
import { errorQuantile, freshCalibration, learnError, relativeError } from "./calibration.ts";
import { describe } from "./describe.ts";
import {
  FORECAST_BIN_MS,
  type Forecast,
  type Forecaster,
  type ForecastRequest,
  HORIZONS_MS,
} from "./forecast.ts";
import { dampedRatio, fadeLevel, freshLevel, learnLevel, levelRatio } from "./level.ts";
import { copyProfile, emptyProfile, learnLoad, usualLoad, weekSlot } from "./profile.ts";
import { type ForecastState, RING_BINS } from "./state.ts";

export const MODEL = "seasonal-level-1";
const LATE_MS = 15 * MINUTE_MS;
/** The steadying floor, as a share of the pool's overall mean, plus one request a minute. */
const FLOOR_SHARE = 0.1;

export function seasonalForecaster(zone: string): Forecaster<ForecastState> {
  return {
    update: (state, samples, events, now) => update(zone, state, samples, events, now),
    forecast: (state, request) => forecast(zone, state, request),
  };
}

export function emptyState(zone: string, through: Instant): ForecastState {
  return {
    zone,
    through,
    profileThrough: through,
    ratios: new Float32Array(RING_BINS).fill(1),
    level: freshLevel(),
    calibrations: HORIZONS_MS.map(freshCalibration),
    profile: emptyProfile(),
  };
}

function update(
  zone: string,
  before: ForecastState | null,
  samples: TrafficSeries,
  events: readonly TrafficEvent[],
  now: Instant,
): ForecastState {
  // Another zone moves every slot: what was learned in the old one is no longer about the same hours.
  const known = before !== null && before.zone === zone ? before : null;
  const state = known ? copyState(known) : emptyState(zone, floorTo(samples.start, FORECAST_BIN_MS));
  const complete = floorTo(now, FORECAST_BIN_MS);
  const newest = measuredUntil(samples) ?? samples.start;
  for (let bin = Math.min(state.profileThrough, state.through); bin < complete; bin += FORECAST_BIN_MS) {
    const load = peakBetween(samples, bin, bin + FORECAST_BIN_MS);
    const mayGrow = load === null || (newest < bin + FORECAST_BIN_MS && !isWhole(samples, bin));
    if (mayGrow && bin + FORECAST_BIN_MS + LATE_MS > now) break;
    learnBin(state, bin, coveredByEvent(events, bin) ? null : load);
  }
  return state;
}

function isWhole({ start, binMs, values }: TrafficSeries, bin: Instant): boolean {
  for (let at = bin; at < bin + FORECAST_BIN_MS; at += binMs) {
    if (Number.isNaN(values[Math.floor((at - start) / binMs)] ?? Number.NaN)) return false;
  }
  return true;
}

/** The profile may be older than the rest (it is saved less often): such a bin is caught up in the profile alone. */
function learnBin(state: ForecastState, bin: Instant, load: number | null): void {
  const slot = weekSlot(state.zone, bin);
  if (bin >= state.through) {
    if (load === null) fadeLevel(state.level);
    else resolveAndFollow(state, bin, slot, load);
    state.ratios[ringIndex(bin)] = levelRatio(state.level, floorLoad(state));
    state.through = bin + FORECAST_BIN_MS;
  }
  if (bin >= state.profileThrough) {
    if (load !== null) learnLoad(state.profile, slot, load);
    state.profileThrough = bin + FORECAST_BIN_MS;
  }
}

function resolveAndFollow(state: ForecastState, bin: Instant, slot: number, load: number): void {
  const floor = floorLoad(state);
  const first = state.profile.overallCount === 0;
  const usual = first ? load : usualLoad(state.profile, slot);
  if (!first) {
    HORIZONS_MS.forEach((leadMs, h) => {
      const ratioThen = leadMs <= DAY_MS ? state.ratios[ringIndex(bin - leadMs)]! : 1;
      const expected = usual * dampedRatio(ratioThen, leadMs);
      learnError(state.calibrations[h]!, relativeError(load, expected, floor));
    });
  }
  learnLevel(state.level, load, usual);
}

function forecast(zone: string, state: ForecastState, request: ForecastRequest): Forecast {
  const start = floorTo(request.from, FORECAST_BIN_MS);
  const bins = Math.max(0, Math.ceil((request.until - start) / FORECAST_BIN_MS));
  const floor = floorLoad(state);
  const ratio = levelRatio(state.level, floor);
  const curves = request.quantiles.map(() => new Array<number>(bins));
  const errorsByHorizon = request.quantiles.map((quantile) =>
    state.calibrations.map((calibration) => errorQuantile(calibration, quantile)),
  );
  for (let i = 0; i < bins; i++) {
    const at = start + i * FORECAST_BIN_MS;
    const leadMs = Math.max(0, at + FORECAST_BIN_MS - state.through);
    const expected = usualLoad(state.profile, weekSlot(zone, at)) * dampedRatio(ratio, leadMs);
    for (let q = 0; q < curves.length; q++) {
      const load = expected + (expected + floor) * atLead(errorsByHorizon[q]!, leadMs);
      curves[q]![i] = Math.max(0, Math.round(100 * load) / 100);
    }
  }
  return {
    madeAt: request.from,
    model: MODEL,
    ...describe(state, start, ratio),
    start,
    binMs: FORECAST_BIN_MS,
    quantiles: request.quantiles,
    load: curves,
  };
}

/** Between two horizons the error grows about evenly in the logarithm of the lead. */
function atLead(errors: readonly number[], leadMs: number): number {
  const above = HORIZONS_MS.findIndex((horizonMs) => horizonMs >= leadMs);
  if (above === 0) return errors[0]!;
  if (above === -1) return errors[errors.length - 1]!;
  const low = HORIZONS_MS[above - 1]!;
  const share = Math.log(leadMs / low) / Math.log(HORIZONS_MS[above]! / low);
  return errors[above - 1]! + share * (errors[above]! - errors[above - 1]!);
}

function floorLoad(state: ForecastState): number {
  return 1 + FLOOR_SHARE * state.profile.overallLoad;
}

function ringIndex(bin: Instant): number {
  return (bin / FORECAST_BIN_MS) % RING_BINS;
}

function copyState(state: ForecastState): ForecastState {
  return {
    ...state,
    ratios: state.ratios.slice(),
    level: { ...state.level },
    calibrations: state.calibrations.map((calibration) => ({
      ...calibration,
      weight: calibration.weight.slice(),
    })),
    profile: copyProfile(state.profile),
  };
}
