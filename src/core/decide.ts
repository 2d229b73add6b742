/**
 * Step 6: hold, grow or shrink, to how many, and why in one sentence.
 *
 * Wanted is the greater of what is needed at this moment and the machines that earn their keep by the forecast (worth.ts).
 * Then every rule may narrow it, in their written order. The forecast may shrink a pool as well as grow it; the load just
 * measured may only grow it: what came without being foreseen may stay.
 */
import { type CapacityModel, machinesFor } from "./capacity/capacity-model.ts";
import { type FleetNow, fleetNow } from "./capacity/fleet-now.ts";
import { type CapacityPlan, needBefore } from "./capacity/plan-capacity.ts";
import { worthRunning } from "./capacity/worth.ts";
import type { Bite, Outlook } from "./constraints/constraint.ts";
import { applyConstraints } from "./constraints/index.ts";
import { activeCount } from "./fleet.ts";
import { forecastBinMs } from "./forecast/forecast.ts";
import { type Observation, partValue } from "./observation.ts";
import type { Quantile } from "./quantile.ts";
import { reasonOf } from "./reason.ts";
import { type Foreseen, type PeakAhead, type Severity, severityOf } from "./severity.ts";
import { HOUR_MS } from "./time.ts";
import { peakBetween } from "./traffic.ts";

export type Decision = {
  readonly kind: "hold" | "grow" | "shrink";
  readonly from: number;
  readonly to: number;
  /** Machines for the load just measured, and for the busiest bin of the covered window; null where unknown. */
  readonly needNow: number | null;
  readonly needCovered: number | null;
  /** Machines that earn their keep; null where nothing is forecast. */
  readonly worth: number | null;
  /** The owner's wish in words, and the quantile that it comes to now. */
  readonly goal: string;
  readonly quantile: Quantile;
  readonly severity: Severity;
  readonly foreseen: readonly Foreseen[];
  /** Machine-hours more (or less) than holding would take until the next tick. */
  readonly extraMachineHours: number;
  readonly constraints: readonly Bite[];
  readonly reason: string;
};

/** What the forecast says of itself and of the pool. */
export type Trust = Pick<Outlook, "normalWorkers" | "confidence">;

export function decide(
  plan: CapacityPlan,
  model: CapacityModel,
  peaks: readonly PeakAhead[],
  observation: Observation,
  because: string,
  trust: Trust = { normalWorkers: null, confidence: null },
): Decision {
  const { now, slot, cadenceMs } = observation;
  const machines = partValue(observation.machines);
  const from = machines === null ? observation.bookedWorkers : activeCount(machines);
  const fleet =
    machines === null ? { serving: from, bootingUntil: [] } : fleetNow(machines, model.leadMs, now);
  const series = partValue(observation.samples);
  const loadNow = series === null ? null : peakBetween(series, now - forecastBinMs(cadenceMs), now);
  const needNow = loadNow === null ? null : machinesFor(loadNow, model);
  const needCovered = needBefore(plan, plan.window.coveredUntil);
  const worth = worthOf(plan, model, fleet);
  const foreseen = peaks.map(({ until, load }) => {
    return { withinMs: until - now, load, machines: machinesFor(load, model) };
  });
  const withinHour = foreseen.find(({ withinMs }) => withinMs === HOUR_MS)?.machines ?? null;
  const severity = severityOf({
    serving: fleet.serving,
    active: from,
    now: needNow,
    covered: needCovered,
    withinHour,
  });
  const { to, bites } = applyConstraints(
    { from, to: worth === null ? Math.max(from, needNow ?? 0) : Math.max(worth, needNow ?? 0) },
    observation,
    { ...trust, severity, needNow },
  );
  const facts = {
    kind: to > from ? "grow" : to < from ? "shrink" : "hold",
    from,
    to,
    needNow,
    needCovered,
    worth,
    goal: plan.goal,
    quantile: plan.quantile,
    severity,
    foreseen,
    extraMachineHours: rounded(((to - from) * Math.max(0, slot + cadenceMs - now)) / HOUR_MS),
    constraints: bites,
  } as const;
  return { ...facts, reason: reasonOf(facts, loadNow, plan, because, observation.learned?.says) };
}

/** Whole blocks of machines; the last one only as far as it is filled now. */
function worthOf(
  { ahead, blockSize, window }: CapacityPlan,
  { leadMs }: CapacityModel,
  fleet: FleetNow,
): number | null {
  if (ahead === null) return null;
  const blocks = {
    serving: Math.floor(fleet.serving / blockSize),
    bootingUntil: fleet.bootingUntil.filter((_, i) => (i + 1) % blockSize === 0),
  };
  return blockSize * worthRunning(ahead, blocks, { ticks: window.ticks, leadMs });
}

function rounded(hours: number): number {
  return Math.round(hours * 100) / 100;
}
