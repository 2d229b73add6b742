/**
 * What is kept of a decision: enough to run steps 5 to 7 again and find the identical Decision and Actions, in at most
 * 4 KB. Machines are kept as one word each, samples only as far back as the rules look, the forecast as the bins that
 * were planned with. Where nothing changed a short record says so; a large one leaves its actions out, which follow from the
 * rest; where even that is too large (hundreds of machines) it is marked `cut` and cannot be replayed.
 */
import type { Action } from "./actions.ts";
import { loadLookBackMs, lookBackMs } from "./constraints/look-back.ts";
import type { Decision } from "./decide.ts";
import { decideFrom, type TickDecision } from "./decide-tick.ts";
import type { PoolKey } from "./fleet.ts";
import { FORECAST_BIN_MS, type Forecast } from "./forecast/forecast.ts";
import { outdatedAmong, packMachine, unpackMachine, whatMatters } from "./machine-word.ts";
import { type FlyNow, type Observation, type Part, partValue, type Tally } from "./observation.ts";
import { isStuck } from "./phase.ts";
import type { Policy } from "./policy.ts";
import { RECORDED_RULES, type Rules, rulesToRecord } from "./rules.ts";
import type { PeakAhead } from "./severity.ts";
import { type Instant, MINUTE_MS } from "./time.ts";
import { seriesSince, type TrafficSeries } from "./traffic.ts";

export const RECORD_LIMIT_BYTES = 4_096;
const VERSION = 1;

/** A decision reads the ledger's balance, not the fleet that it left. */
const NO_FLEET = { serving: 0, bootingUntil: [] };

export type TickRecord = ShortRecord | FullRecord;
export type ShortRecord = {
  readonly v: 1;
  readonly kind: "short" | "cut";
  readonly confidence: number | null;
};
export type FullRecord = {
  readonly v: 1;
  readonly kind: "full";
  readonly confidence: number | null;
  readonly observation: Omit<
    Observation,
    | "machines"
    | "samples"
    | "state"
    | "boots"
    | "capacity"
    | "outside"
    | "sisters"
    | "events"
    | "pool"
    | "policy"
    | "tally"
    | "fly"
  > & {
    /** As far as a rule minds. */
    readonly tally?: Partial<Tally>;
    /** Outdated machines are marked as such in their words. */
    readonly fly?: Omit<FlyNow, "outdated">;
    /** Rules that are as RECORDED_RULES are left out. */
    readonly policy: Omit<Policy, keyof Rules> & Partial<Rules>;
    readonly machines: Part<readonly string[]>;
    readonly samples: Part<TrafficSeriesText>;
  };
  readonly forecast: Forecast | null;
  readonly peaks: readonly PeakAhead[];
  /** Absent where there was no room for them: `redecide` finds them again. */
  readonly actions?: readonly Action[];
};
/** Gaps are null: JSON has no NaN. */
type TrafficSeriesText = {
  readonly start: Instant;
  readonly binMs: number;
  readonly values: readonly (number | null)[];
};

export function tickRecord(
  observation: Observation,
  { decision, actions, forecast, peaks, ledger, learned }: TickDecision,
): TickRecord {
  const confidence = forecast?.confidence ?? null;
  if (decision.kind === "hold" && decision.constraints.length === 0 && actions.length === 0)
    return { v: VERSION, kind: "short", confidence };
  const { machines, samples, state: _state, outside: _outside, sisters: _sisters, ...more } = observation;
  const { events: _events, pool: _pool, boots: _boots, capacity: _capacity, tally: _tally, ...seen } = more;
  const { fly, ...rest } = seen;
  const matters = whatMatters(actions, fly?.outdated);
  const record: FullRecord = {
    v: VERSION,
    kind: "full",
    confidence,
    observation: {
      ...rest,
      policy: packPolicy(observation.policy),
      ...packTally(observation),
      ...(learned && { learned }),
      ledger: ledger && { ...ledger, fleet: NO_FLEET },
      ...packFly(fly),
      machines: mapPart(machines, (list) => list.map((one) => packMachine(one, matters))),
      samples: mapPart(samples, (series) => packSeries(lookedAt(series, observation))),
    },
    forecast,
    peaks,
  };
  if (fits({ ...record, actions })) return { ...record, actions };
  return fits(record) ? record : { v: VERSION, kind: "cut", confidence };
}

function fits(record: FullRecord): boolean {
  return new TextEncoder().encode(JSON.stringify(record)).length <= RECORD_LIMIT_BYTES;
}

/** Steps 5 to 7 again. The answer equals what was decided then, or the code has changed its mind since. */
export function redecide(
  pool: PoolKey,
  record: FullRecord,
): { decision: Decision; actions: readonly Action[] } {
  const { machines, samples, fly, ...rest } = record.observation;
  const { decision, actions } = decideFrom(record, {
    ...rest,
    policy: { ...RECORDED_RULES, ...rest.policy },
    tally: { ...NOTHING_COUNTED, ...rest.tally },
    ...(fly === undefined ? {} : { fly: { ...fly, outdated: outdatedAmong(partValue(machines) ?? []) } }),
    pool,
    machines: mapPart(machines, (words) => words.map((word) => unpackMachine(word, pool))),
    samples: mapPart(samples, (series) => ({
      ...series,
      values: series.values.map((value) => value ?? Number.NaN),
    })),
    state: null,
    events: [],
  });
  return { decision, actions };
}

/** Where nothing is missing, no rule looks further back than at loads. */
function lookedAt(series: TrafficSeries, { now, policy }: Observation): TrafficSeries {
  const since = (ms: number) => seriesSince(series, now - Math.max(FORECAST_BIN_MS, ms) - MINUTE_MS);
  const whole = since(lookBackMs(policy));
  return whole.values.some(Number.isNaN) ? whole : since(loadLookBackMs(policy));
}

function packPolicy(policy: Policy): FullRecord["observation"]["policy"] {
  const own = Object.entries(policy).filter(([name]) => !(name in RECORDED_RULES));
  return { ...(Object.fromEntries(own) as Omit<Policy, keyof Rules>), ...rulesToRecord(policy) };
}

const NOTHING_COUNTED: Tally = { changesToday: null, spentMachineHours: null, spentUsd: null };

/** Room is scarce: a count that no rule minds is not kept. */
function packTally({ tally, policy, machines }: Observation): Pick<FullRecord["observation"], "tally"> {
  if (tally === undefined) return {};
  const { changesToday, replacedToday, ...spent } = tally;
  const isReplacing = replacedToday !== undefined && (partValue(machines) ?? []).some(isStuck);
  const isFlapping = policy.flapsPerDay > 0 && (changesToday ?? 0) >= policy.flapsPerDay;
  const hasBudget = policy.budgetMachineHours + policy.budgetUsd > 0;
  if (!isFlapping && !hasBudget && !isReplacing) return {};
  const counts = { ...(isFlapping && { changesToday }), ...(isReplacing && { replacedToday }) };
  return { tally: { ...counts, ...(hasBudget && spent) } };
}

function packFly(fly: FlyNow | undefined): Pick<FullRecord["observation"], "fly"> {
  if (fly === undefined) return {};
  const { outdated: _outdated, ...rest } = fly;
  return { fly: rest };
}

function packSeries(series: TrafficSeries): TrafficSeriesText {
  return { ...series, values: series.values.map((value) => (Number.isNaN(value) ? null : value)) };
}

function mapPart<A, B>(part: Part<A>, change: (value: A) => B): Part<B> {
  return part.status === "missing" ? part : { ...part, value: change(part.value) };
}
