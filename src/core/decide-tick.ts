/**
 * Steps 4 to 7 in one pure function: Observation in, TickDecision out. The tick, the plan of the command line, replay,
 * the benches, the simulator and the dashboard's "why" all call this and nothing else.
 */
import { type Action, planActions } from "./actions.ts";
import type { CapacityMemory } from "./capacity/capacity-memory.ts";
import { type CapacityModel, capacityModelOf, type Learned, machinesFor } from "./capacity/capacity-model.ts";
import { fleetNow } from "./capacity/fleet-now.ts";
import {
  type Belief,
  type CapacityPlan,
  PLAN_QUANTILES,
  planCapacity,
  planWindow,
} from "./capacity/plan-capacity.ts";
import { isLocked } from "./constraints/index.ts";
import { type Decision, decide, type Trust } from "./decide.ts";
import { activeCount, type Machine } from "./fleet.ts";
import { withMinRunning } from "./fly-proxy.ts";
import { loadsOf } from "./forecast/bins-ahead.ts";
import type { Rival } from "./forecast/blend.ts";
import { ensembleForecaster } from "./forecast/ensemble.ts";
import {
  FORECAST_BIN_MS,
  type Forecast,
  forecastBinMs,
  HORIZONS_MS,
  STORED_QUANTILES,
} from "./forecast/forecast.ts";
import { binAt } from "./forecast/grid.ts";
import { freshDesk } from "./forecast/mixture.ts";
import { type NextPeak, nextPeakOf, PEAK_WINDOW_MS } from "./forecast/next-peak.ts";
import {
  noteOutside,
  type OutsideForecast,
  outsideLoad,
  outsideRival,
  silentRival,
} from "./forecast/outside.ts";
import { type ExpertWeight, type Panel, panelOf } from "./forecast/panel.ts";
import { busiestOf, lookAhead, maximaUntil, maxOverShort } from "./forecast/peaks.ts";
import { sisterRival } from "./forecast/prior.ts";
import type { ForecastState } from "./forecast/state.ts";
import { toFourDigits } from "./four-digits.ts";
import { quantileAt, riskOf } from "./goal.ts";
import { surplusMachines } from "./keep-created.ts";
import { learnMachines, leaveMachines } from "./learned.ts";
import { type Observation, partValue } from "./observation.ts";
import { isDraining } from "./phase.ts";
import { goalOf } from "./policy.ts";
import { interpolateQuantile } from "./quantile.ts";
import { machinesToReplace, sayStuck, without, withReplaced } from "./replace.ts";
import { believe, book, freshLedger, type ServiceLedger } from "./service-ledger.ts";
import type { PeakAhead } from "./severity.ts";
import { DAY_MS, floorTo, HOUR_MS, type Instant, MINUTE_MS } from "./time.ts";

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

/** A plan as people read it, without what only deciding asks of it. */
export type ToldPlan = Omit<CapacityPlan, "ahead" | "blockSize">;

export type TickDecision = {
  readonly plan: ToldPlan;
  readonly decision: Decision;
  readonly actions: readonly Action[];
  /** Over the bins that the decision looked at; null where the pool was never measured. */
  readonly forecast: Forecast | null;
  readonly predictions: readonly Prediction[];
  /** Peaks foreseen at the decision's quantile, by FORESEEN_MS. */
  readonly peaks: readonly PeakAhead[];
  readonly nextPeak: NextPeak | null;
  /** Who has which part in the forecast, at the leads of the predictions. */
  readonly weights: readonly ExpertWeight[];
  readonly state: ForecastState | null;
  /** The promise's books to carry on. */
  readonly ledger: ServiceLedger | null;
  /** What was used in place of the policy's capacity and lead time; absent where nothing was. */
  readonly learned?: Learned;
  /** What was learned of the machines' capacity, to carry on; absent where no signal was ever measured. */
  readonly capacity?: CapacityMemory;
};

/** So far ahead a decision says what it foresees. */
export const FORESEEN_MS = [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;

export function decideTick(given: Observation): TickDecision {
  const { learned, memory } = learnMachines(given);
  const known = learned === null ? given : { ...given, learned };
  const observation = { ...known, ledger: bookService(known) };
  const foreseen = forecastTraffic(observation);
  const { plan, decision, actions } = decideFrom(foreseen, observation);
  const ledger = leaveFleet(observation, decision);
  const capacity = memory && leaveMachines(memory, observation, decision);
  return {
    plan,
    decision,
    actions,
    ...foreseen,
    ledger,
    ...(learned && { learned }),
    ...(capacity && { capacity }),
  };
}

function modelOf({ policy, learned }: Observation): CapacityModel {
  return capacityModelOf(policy, learned);
}

/** Steps 5 to 7, for a forecast at hand: what replay runs again from a stored record. */
export function decideFrom(
  { forecast, peaks }: Pick<TickDecision, "forecast" | "peaks">,
  observation: Observation,
): Pick<TickDecision, "plan" | "decision" | "actions"> {
  const { now, slot, cadenceMs } = observation;
  const model = modelOf(observation);
  const plan = planCapacity(
    forecast,
    model,
    beliefOf(observation),
    planWindow(now, slot, cadenceMs, model.leadMs),
  );
  const aside = machinesToReplace(observation);
  const rest = without(observation, aside);
  const decided = decide(
    plan,
    model,
    peaks,
    rest,
    forecast?.reason ?? "no traffic was ever measured",
    trustOf(forecast, model),
  );
  const stuck = sayStuck(partValue(observation.machines) ?? [], aside, observation);
  const decision = { ...decided, reason: `${decided.reason}${stuck}` };
  return { plan: told(plan), decision, actions: actionsOf(decision, rest, aside, forecast) };
}

/** Step 7. */
function actionsOf(
  decision: Decision,
  observation: Observation,
  aside: readonly Machine[],
  forecast: Forecast | null,
): Action[] {
  const { policy, pool, slot, attempt, fly, source } = observation;
  const machines = partValue(observation.machines) ?? [];
  const running = activeCount(machines) + machines.filter(isDraining).length;
  const reading = source?.status === "fresh" ? source.value : null;
  const actions = planActions(
    decision,
    pool,
    machines,
    policy.pinnedMachineId,
    { slot, attempt },
    fly,
    { drainSeconds: policy.drainSeconds, restBy: policy.restBy, isIdle: reading?.saturation === 0 },
    !isLocked(observation, decision.from),
  );
  return [
    ...withReplaced(withMinRunning(actions, policy), aside, running, policy.maxWorkers),
    ...(aside.length > 0 ? [] : surplusMachines(decision, observation, forecast)),
  ];
}

/** Normal is what the median minute of the past week needs. */
function trustOf(forecast: Forecast | null, model: CapacityModel): Trust {
  if (forecast === null) return { normalWorkers: null, confidence: null };
  const { quantiles, lately, confidence } = forecast;
  return { normalWorkers: machinesFor(interpolateQuantile(quantiles, lately, 0.5), model), confidence };
}

function told({ ahead: _ahead, blockSize: _blockSize, ...plan }: CapacityPlan): ToldPlan {
  return plan;
}

/** At a price the risk is known; under a promise it is what the books say will keep it. */
function beliefOf({ policy, ledger }: Observation): Belief {
  const goal = goalOf(policy);
  return goal.kind === "price"
    ? { goal, risk: riskOf(goal), doubt: 0 }
    : { goal, ...believe(ledger, goal.shortShare) };
}

/** Only what flyahead itself ran counts against its promise. */
function bookService(observation: Observation): ServiceLedger | null {
  const { ledger, samples, policy, mode, now } = observation;
  const series = partValue(samples);
  if (ledger === null || series === null || mode !== "act") return ledger;
  return book(ledger, series, modelOf(observation).requestsPerWorker, policy.shortShare, now);
}

/** The fleet as this decision leaves it: what is asked for serves after the lead time, what is stopped goes at once. */
function leaveFleet(observation: Observation, { from, to }: Decision): ServiceLedger | null {
  const { ledger, machines, mode, now } = observation;
  const seen = partValue(machines);
  if (seen === null) return ledger;
  const { leadMs } = modelOf(observation);
  const { serving, bootingUntil } = fleetNow(seen, leadMs, now);
  const after = mode === "act" ? to : from;
  const booting = [...bootingUntil, ...new Array<Instant>(Math.max(0, after - from)).fill(now + leadMs)];
  const fleet = {
    serving: Math.min(serving, after),
    bootingUntil: booting.slice(0, Math.max(0, after - serving)),
  };
  return ledger === null ? freshLedger(now, fleet) : { ...ledger, fleet };
}

/** Step 4. */
type Step4 = Pick<TickDecision, "forecast" | "peaks" | "state" | "predictions" | "nextPeak" | "weights">;

function forecastTraffic(observation: Observation): Step4 {
  const { now, slot, cadenceMs } = observation;
  const learned = learnSamples(observation);
  if (learned === null || learned.profile.overallCount === 0) {
    return { forecast: null, state: learned, peaks: [], predictions: [], nextPeak: null, weights: [] };
  }
  const outside = freshAnswer(observation);
  const rivals = rivalsOf(learned, outside, observation);
  const panel = panelOf(learned, rivals);
  const { from, until } = planWindow(now, slot, cadenceMs, modelOf(observation).leadMs);
  const quantile = quantileAt(beliefOf(observation).risk);
  const day = { from: now, until: now + PEAK_WINDOW_MS, quantiles: [quantile], binMs: FORECAST_BIN_MS };
  const untils = FORESEEN_MS.map((withinMs) => now + withinMs);
  const next = { from: now, until: now + PEAK_WINDOW_MS };
  const outlook = lookAhead(learned, next, quantile, outlookStepMs(learned));
  const peaks = maximaUntil(learned, outlook, untils).map((load, i) => ({
    until: untils[i]!,
    load,
  }));
  const predictions = predictionsAt(learned, panel, rivals.length === 0, now);
  return {
    forecast: inFourDigits(panel.forecast({ from, until, quantiles: PLAN_QUANTILES })),
    peaks,
    state: outside === null ? learned : noteOutside(learned, outside),
    predictions: outside === null ? predictions : [...predictions, ...predictionsOf(outside, now)],
    nextPeak: rivals.length === 0 ? busiestOf(outlook) : nextPeakOf(panel.forecast(day)),
    weights: panel.weights(),
  };
}

function learnSamples({
  policy,
  samples,
  state,
  events,
  now,
  cadenceMs,
  outside,
}: Observation): ForecastState | null {
  const series = partValue(samples);
  const learned =
    series === null
      ? state
      : ensembleForecaster(policy.timeZone, forecastBinMs(cadenceMs)).update(state, series, events, now);
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

/** More digits decide nothing, and would not fit into the record of the decision. */
function inFourDigits(forecast: Forecast): Forecast {
  const load = forecast.load.map((curve) => curve.map(toFourDigits));
  return { ...forecast, load, lately: forecast.lately.map(toFourDigits) };
}

/** Who looks every minute is told of the day in quarters of an hour: a day of minutes would cost more than the decision. */
function outlookStepMs({ binMs }: ForecastState): number {
  return binMs < FORECAST_BIN_MS ? 3 * FORECAST_BIN_MS : binMs;
}

/** Predictions are of the bins that SQL judges; where ours are narrower, of the highest within one. */
function predictionsAt(state: ForecastState, panel: Panel, isAlone: boolean, now: Instant): Prediction[] {
  const targets = HORIZONS_MS.map((horizonMs) => {
    return { horizonMs, targetAt: floorTo(now + horizonMs, FORECAST_BIN_MS) };
  });
  const binOf = (from: Instant) => ({ from, until: from + FORECAST_BIN_MS });
  const desk = freshDesk();
  if (state.binMs < FORECAST_BIN_MS) {
    const highest = (at: Instant) => maxOverShort(state, binOf(at), STORED_QUANTILES, desk);
    return targets.map((target) => ({ ...target, load: highest(target.targetAt) }));
  }
  if (isAlone) {
    const loads = (at: Instant) => loadsOf(state, STORED_QUANTILES, binAt(state, at), desk);
    return targets.map((target) => ({ ...target, load: loads(target.targetAt) }));
  }
  return targets.map((target) => {
    const { load } = panel.forecast({ ...binOf(target.targetAt), quantiles: STORED_QUANTILES });
    return { ...target, load: load.map((curve) => curve[0]!) };
  });
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
