/**
 * Steps 4 to 7 in one pure function: Observation in, TickDecision out. The tick, the plan of the command line, replay,
 * the benches, the simulator and the dashboard's "why" all call this and nothing else.
 */
import { type Action, planActions } from "./actions.ts";
import { capacityModelOf } from "./capacity/capacity-model.ts";
import { coverWindow, planCapacity } from "./capacity/plan-capacity.ts";
import { type Decision, decide } from "./decide.ts";
import type { Rival } from "./forecast/blend.ts";
import { ensembleForecaster } from "./forecast/ensemble.ts";
import { FORECAST_BIN_MS, type Forecast, HORIZONS_MS, STORED_QUANTILES } from "./forecast/forecast.ts";
import { type NextPeak, nextPeakOf, PEAK_WINDOW_MS } from "./forecast/next-peak.ts";
import {
  noteOutside,
  type OutsideForecast,
  outsideLoad,
  outsideRival,
  silentRival,
} from "./forecast/outside.ts";
import { type ExpertWeight, panelOf } from "./forecast/panel.ts";
import { sisterRival } from "./forecast/prior.ts";
import type { ForecastState } from "./forecast/state.ts";
import { type Observation, partValue } from "./observation.ts";
import { floorTo, type Instant } from "./time.ts";

export type Prediction = {
  readonly horizonMs: number;
  /** Start of the bin that is predicted. */
  readonly targetAt: Instant;
  /** At STORED_QUANTILES, requests a minute. */
  readonly load: readonly number[];
  /** Who predicted, and with what model, where it was not flyahead itself. */
  readonly source?: string;
  readonly model?: string;
};

export type TickDecision = {
  readonly decision: Decision;
  readonly actions: readonly Action[];
  /** Over the bins that the decision looked at; null where the pool was never measured. */
  readonly forecast: Forecast | null;
  readonly predictions: readonly Prediction[];
  readonly nextPeak: NextPeak | null;
  /** Who has which part in the forecast, at the leads of the predictions. */
  readonly weights: readonly ExpertWeight[];
  readonly state: ForecastState | null;
};

export function decideTick(observation: Observation): TickDecision {
  const foreseen = forecastTraffic(observation);
  return { ...decideFrom(foreseen.forecast, observation), ...foreseen };
}

/** Steps 5 to 7, for a forecast at hand: what replay runs again from a stored record. */
export function decideFrom(
  forecast: Forecast | null,
  observation: Observation,
): Pick<TickDecision, "decision" | "actions"> {
  const { now, slot, cadenceMs, policy, pool, attempt } = observation;
  const model = capacityModelOf(policy);
  const plan = planCapacity(forecast, model, policy, coverWindow(now, slot, cadenceMs, model));
  const decision = decide(plan, observation, forecast?.reason ?? "no traffic was ever measured");
  const machines = partValue(observation.machines) ?? [];
  return {
    decision,
    actions: planActions(decision, pool, machines, policy.pinnedMachineId, { slot, attempt }),
  };
}

/** Step 4. */
type Foreseen = Pick<TickDecision, "forecast" | "state" | "predictions" | "nextPeak" | "weights">;

function forecastTraffic(observation: Observation): Foreseen {
  const { now, slot, cadenceMs, policy } = observation;
  const learned = learnSamples(observation);
  if (learned === null || learned.profile.overallCount === 0) {
    return { forecast: null, state: learned, predictions: [], nextPeak: null, weights: [] };
  }
  const outside = freshAnswer(observation);
  const panel = panelOf(learned, rivalsOf(learned, outside, observation));
  const { from, until } = coverWindow(now, slot, cadenceMs, capacityModelOf(policy));
  const forecast = panel.forecast({ from, until, quantiles: [policy.quantile] });
  const predictions = HORIZONS_MS.map((horizonMs) => {
    const targetAt = floorTo(now + horizonMs, FORECAST_BIN_MS);
    const request = { from: targetAt, until: targetAt + FORECAST_BIN_MS, quantiles: STORED_QUANTILES };
    return { horizonMs, targetAt, load: panel.forecast(request).load.map((curve) => curve[0]!) };
  });
  const day = { from: now, until: now + PEAK_WINDOW_MS, quantiles: [policy.quantile] };
  return {
    forecast,
    state: outside === null ? learned : noteOutside(learned, outside),
    predictions: outside === null ? predictions : [...predictions, ...predictionsOf(outside, now)],
    nextPeak: nextPeakOf(panel.forecast(day)),
    weights: panel.weights(),
  };
}

function learnSamples({ policy, samples, state, events, now, outside }: Observation): ForecastState | null {
  const series = partValue(samples);
  const learned =
    series === null ? state : ensembleForecaster(policy.timeZone).update(state, series, events, now);
  // Nobody is asked any more: what one said is forgotten, as if it had never been.
  return learned?.outside && outside === undefined ? { ...learned, outside: null } : learned;
}

/** An old answer may be worse than none: it has no say, and is not judged either. */
function freshAnswer({ outside }: Observation): OutsideForecast | null {
  return outside?.status === "fresh" ? outside.value : null;
}

function rivalsOf(
  state: ForecastState,
  outside: OutsideForecast | null,
  { sisters }: Observation,
): readonly Rival[] {
  const rivals: Rival[] = [];
  const sister = sisterRival(state, sisters ?? []);
  if (sister !== null) rivals.push(sister);
  if (outside !== null) rivals.push(outsideRival(state, outside));
  else if (state.outside !== null) rivals.push(silentRival(state, state.outside.name));
  return rivals;
}

/** What it said itself, for the books: SQL judges it beside ours. */
function predictionsOf(outside: OutsideForecast, now: Instant): Prediction[] {
  const { name: source, model } = outside;
  return HORIZONS_MS.flatMap((horizonMs) => {
    const targetAt = floorTo(now + horizonMs, FORECAST_BIN_MS);
    const load = STORED_QUANTILES.map((quantile) => outsideLoad(outside, targetAt, quantile));
    return load.some(Number.isNaN) ? [] : [{ horizonMs, targetAt, load, source, model }];
  });
}
