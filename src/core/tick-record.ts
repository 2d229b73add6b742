/**
 * What is kept of a decision: enough to run steps 5 to 7 again and find the identical Decision and Actions, in at most
 * 4 KB. Machines are kept as one word each, samples only as far back as the rules look, the forecast as the bins that
 * were planned with. Where nothing changed a short record says so; a large one leaves its actions out, which follow from the
 * rest; where even that is too large (hundreds of machines) it is marked `cut` and cannot be replayed.
 */
import type { Action } from "./actions.ts";
import type { Decision } from "./decide.ts";
import { decideFrom, type TickDecision } from "./decide-tick.ts";
import type { Machine, MachineHealth, MachineState, PoolKey } from "./fleet.ts";
import { FORECAST_BIN_MS, type Forecast } from "./forecast/forecast.ts";
import type { Observation, Part } from "./observation.ts";
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
    "machines" | "samples" | "state" | "boots" | "capacity" | "outside" | "sisters" | "events" | "pool"
  > & {
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
  if (decision.kind === "hold" && decision.constraints.length === 0)
    return { v: VERSION, kind: "short", confidence };
  const { machines, samples, state: _state, outside: _outside, sisters: _sisters, ...more } = observation;
  const { events: _events, pool: _pool, boots: _boots, capacity: _capacity, ...rest } = more;
  const record: FullRecord = {
    v: VERSION,
    kind: "full",
    confidence,
    observation: {
      ...rest,
      ...(learned && { learned }),
      ledger: ledger && { ...ledger, fleet: NO_FLEET },
      machines: mapPart(machines, (list) => list.map(packMachine)),
      samples: mapPart(samples, (series) => packSeries(seriesSince(series, lookBackFrom(observation)))),
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
  const { machines, samples, ...rest } = record.observation;
  return decideFrom(record, {
    ...rest,
    pool,
    machines: mapPart(machines, (words) => words.map((word) => unpackMachine(word, pool))),
    samples: mapPart(samples, (series) => ({
      ...series,
      values: series.values.map((value) => value ?? Number.NaN),
    })),
    state: null,
    events: [],
  });
}

function lookBackFrom({ now, policy }: Observation): Instant {
  return now - Math.max(FORECAST_BIN_MS, policy.stabilisationSeconds * 1_000) - MINUTE_MS;
}

function packSeries(series: TrafficSeries): TrafficSeriesText {
  return { ...series, values: series.values.map((value) => (Number.isNaN(value) ? null : value)) };
}

const HEALTH_LETTERS: Readonly<Record<MachineHealth, string>> = { passing: "p", failing: "f", unknown: "u" };

/** Most machines are in one of two states; room is for sixty of them. */
const STATE_SIGNS: Readonly<Partial<Record<MachineState, string>>> = { started: "+", stopped: "-" };
const STATES_BY_SIGN = new Map(Object.entries(STATE_SIGNS).map(([state, sign]) => [sign, state]));

/** "148e12345678ab/+/pr/mc8w2o00": started, passing, routed, created then; and "/mc8w5x00" where it was asked to start later. */
function packMachine({ id, state, health, cordoned, createdAt, lastAsked }: Machine): string {
  const started = lastAsked?.verb === "start" ? `/${lastAsked.at.toString(36)}` : "";
  return `${id}/${STATE_SIGNS[state] ?? state}/${HEALTH_LETTERS[health]}${cordoned ? "c" : "r"}/${createdAt.toString(36)}${started}`;
}

function unpackMachine(word: string, pool: PoolKey): Machine {
  const [id = "", state = "unknown", letters = "ur", createdAt = "0", started] = word.split("/");
  const health = (Object.keys(HEALTH_LETTERS) as MachineHealth[]).find(
    (name) => HEALTH_LETTERS[name] === letters[0],
  );
  return {
    id,
    name: "",
    region: pool.region,
    processGroup: pool.processGroup,
    state: (STATES_BY_SIGN.get(state) ?? state) as MachineState,
    health: health ?? "unknown",
    cordoned: letters[1] === "c",
    createdAt: Number.parseInt(createdAt, 36),
    lastAsked: started === undefined ? null : { verb: "start", by: "", at: Number.parseInt(started, 36) },
    size: null,
  };
}

function mapPart<A, B>(part: Part<A>, change: (value: A) => B): Part<B> {
  return part.status === "missing" ? part : { ...part, value: change(part.value) };
}
