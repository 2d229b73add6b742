/**
 * Steps 4 to 7 in one pure function: Observation in, TickDecision out. The tick, the plan of the command line, replay,
 * the benches, the simulator and the dashboard's "why" all call this and nothing else.
 */
import { type Action, planActions } from "./actions.ts";
import { capacityModelOf } from "./capacity/capacity-model.ts";
import { coverWindow, planCapacity } from "./capacity/plan-capacity.ts";
import { type Decision, decide } from "./decide.ts";
import { ensembleForecaster } from "./forecast/ensemble.ts";
import { FORECAST_BIN_MS, type Forecast, HORIZONS_MS, STORED_QUANTILES } from "./forecast/forecast.ts";
import { type NextPeak, nextPeakOf, PEAK_WINDOW_MS } from "./forecast/next-peak.ts";
import type { ForecastState } from "./forecast/state.ts";
import { type Observation, partValue } from "./observation.ts";
import { floorTo, type Instant } from "./time.ts";

export type Prediction = {
  readonly horizonMs: number;
  /** Start of the bin that is predicted. */
  readonly targetAt: Instant;
  /** At STORED_QUANTILES, requests a minute. */
  readonly load: readonly number[];
};

export type TickDecision = {
  readonly decision: Decision;
  readonly actions: readonly Action[];
  /** Over the bins that the decision looked at; null where the pool was never measured. */
  readonly forecast: Forecast | null;
  readonly predictions: readonly Prediction[];
  readonly nextPeak: NextPeak | null;
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
    actions: planActions(
      decision,
      pool,
      machines,
      policy.pinnedMachineId,
      { slot, attempt },
      observation.fly,
    ),
  };
}

/** Step 4. */
type Foreseen = Pick<TickDecision, "forecast" | "state" | "predictions" | "nextPeak">;

function forecastTraffic(observation: Observation): Foreseen {
  const { now, slot, cadenceMs, policy, events } = observation;
  const samples = partValue(observation.samples);
  const forecaster = ensembleForecaster(policy.timeZone);
  const state =
    samples === null ? observation.state : forecaster.update(observation.state, samples, events, now);
  if (state === null || state.profile.overallCount === 0) {
    return { forecast: null, state, predictions: [], nextPeak: null };
  }
  const { from, until } = coverWindow(now, slot, cadenceMs, capacityModelOf(policy));
  const forecast = forecaster.forecast(state, { from, until, quantiles: [policy.quantile] });
  const predictions = HORIZONS_MS.map((horizonMs) => {
    const targetAt = floorTo(now + horizonMs, FORECAST_BIN_MS);
    const request = { from: targetAt, until: targetAt + FORECAST_BIN_MS, quantiles: STORED_QUANTILES };
    return { horizonMs, targetAt, load: forecaster.forecast(state, request).load.map((curve) => curve[0]!) };
  });
  const day = { from: now, until: now + PEAK_WINDOW_MS, quantiles: [policy.quantile] };
  return { forecast, state, predictions, nextPeak: nextPeakOf(forecaster.forecast(state, day)) };
}
