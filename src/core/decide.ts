/**
 * Step 6: hold, grow or shrink, to how many, and why in one sentence.
 *
 * Growing asks for the greater of what is needed now and what is foreseen until the next tick's machines could serve.
 * Shrinking must also be allowed by the shrink window behind it. What lies between the two is held: the gap between
 * the two questions is the hysteresis.
 */
import { capacityModelOf, machinesFor } from "./capacity/capacity-model.ts";
import { type CapacityPlan, needBefore } from "./capacity/plan-capacity.ts";
import type { Bite } from "./constraints/constraint.ts";
import { applyConstraints } from "./constraints/index.ts";
import { activeCount } from "./fleet.ts";
import { type Observation, partValue } from "./observation.ts";
import type { Quantile } from "./quantile.ts";
import { formatInstant, type Instant, MINUTE_MS } from "./time.ts";
import { peakBetween } from "./traffic.ts";

/** "Now" is the busiest of the last minutes: the newest one alone is noise. */
export const NOW_MS = 5 * MINUTE_MS;

export type Decision = {
  readonly kind: "hold" | "grow" | "shrink";
  readonly from: number;
  readonly to: number;
  /** Machines for the load just measured, the covered window, and that and the shrink window; null where unknown. */
  readonly needNow: number | null;
  readonly needCovered: number | null;
  readonly needShrink: number | null;
  readonly quantile: Quantile;
  readonly constraints: readonly Bite[];
  readonly reason: string;
};

export function decide(plan: CapacityPlan, observation: Observation, because: string): Decision {
  const { policy, now } = observation;
  const machines = partValue(observation.machines);
  const from = machines === null ? observation.bookedWorkers : activeCount(machines);
  const series = partValue(observation.samples);
  const loadNow = series === null ? null : peakBetween(series, now - NOW_MS, now);
  const needNow = loadNow === null ? null : machinesFor(loadNow, capacityModelOf(policy));
  const needCovered = needBefore(plan, plan.coveredUntil);
  const needShrink = needBefore(plan, Number.POSITIVE_INFINITY);

  const wanted = wantedCount(from, needNow, needCovered, needShrink);
  const { to, bites } = applyConstraints({ from, to: wanted }, observation);
  const kind = to > from ? "grow" : to < from ? "shrink" : "hold";
  const facts = {
    kind,
    from,
    to,
    needNow,
    needCovered,
    needShrink,
    quantile: policy.quantile,
    constraints: bites,
  } as const;
  return { ...facts, reason: withFlyProxy(sentence(facts, loadNow, plan, because), observation) };
}

/** What would undo the decision is said with it. */
function withFlyProxy(reason: string, { fly }: Observation): string {
  return fly?.proxy == null ? reason : `${reason} ${fly.proxy}.`;
}

/** Unknown needs ask for nothing: with no word from traffic or forecast the count stays. */
function wantedCount(
  from: number,
  needNow: number | null,
  needCovered: number | null,
  needShrink: number | null,
): number {
  const growTo = Math.max(needNow ?? 0, needCovered ?? 0);
  if (growTo > from) return growTo;
  if (needShrink === null) return from;
  return Math.min(from, Math.max(growTo, needShrink));
}

function sentence(
  decision: Omit<Decision, "reason">,
  loadNow: number | null,
  plan: CapacityPlan,
  because: string,
): string {
  const { kind, from, to, constraints } = decision;
  const move =
    kind === "hold" ? `Hold ${from}` : `${kind === "grow" ? "Grow" : "Shrink"} from ${from} to ${to}`;
  const bites = constraints
    .map((bite) => `; ${bite.name}: ${bite.to} instead of ${bite.from} (${bite.why})`)
    .join("");
  return `${move}: ${foreseen(plan, decision.quantile, because)}, ${measured(loadNow, decision.needNow)}${bites}.`;
}

function foreseen(plan: CapacityPlan, quantile: Quantile, because: string): string {
  if (plan.bins.length === 0) return `nothing is forecast (${because})`;
  const covered = plan.bins.filter((bin) => bin.at < plan.coveredUntil);
  const busiest = (covered.length > 0 ? covered : plan.bins).reduce((a, b) => (b.load > a.load ? b : a));
  const until = timeOfDay(plan.coveredUntil);
  return `until ${until} at most ${Math.ceil(busiest.load)} requests a minute at q${quantile} need ${busiest.machines} (${because})`;
}

function measured(loadNow: number | null, needNow: number | null): string {
  return loadNow === null ? "nothing was measured just now" : `${Math.ceil(loadNow)} now need ${needNow}`;
}

function timeOfDay(instant: Instant): string {
  return `${formatInstant(instant).slice(11, 16)}Z`;
}
