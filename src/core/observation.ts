/**
 * All that one pool's tick read, and how old each part is: the only input of the pure half. A source that failed is a
 * value here, not an exception, so that every rule can say what it does without it.
 */
import type { BootStats } from "./capacity/boot-stats.ts";
import type { CapacityNews } from "./capacity/capacity-memory.ts";
import type { Learned } from "./capacity/capacity-model.ts";
import type { TrafficEvent } from "./events/event.ts";
import type { Machine, PoolKey } from "./fleet.ts";
import type { OutsideForecast } from "./forecast/outside.ts";
import type { Sister } from "./forecast/prior.ts";
import type { ForecastState } from "./forecast/state.ts";
import type { NoRoom } from "./no-room.ts";
import type { Mode, Policy } from "./policy.ts";
import type { ReleaseUnderWay } from "./release.ts";
import type { ServiceLedger } from "./service-ledger.ts";
import type { Instant } from "./time.ts";
import type { TrafficSeries } from "./traffic.ts";

export type Part<T> =
  | { readonly status: "fresh"; readonly value: T }
  | { readonly status: "stale"; readonly value: T; readonly ageMs: number; readonly why: string }
  /** `ageMs`: since it was last known, where anybody remembers. */
  | { readonly status: "missing"; readonly why: string; readonly ageMs?: number };

/** The pool is kept at `workers` until the instant, because a person moved a machine. */
export type Override = {
  readonly machineId: string;
  readonly seenAt: Instant;
  readonly until: Instant;
  readonly workers: number;
  readonly what: string;
};

/** What a source of metrics told of a pool. */
export type SourceReading = {
  /** End of the newest bin that it measured of the pool. */
  readonly measuredUntil: Instant;
  /** Requests in flight over the machines' soft limits in that bin, or null where it is not known. */
  readonly saturation: number | null;
};

/** What the books have counted of a pool; each null where nobody counted. */
export type Tally = {
  /** Changes of direction among what was decided in mode act within 24 hours. */
  readonly changesToday: number | null;
  /** Since the month began, by UTC. */
  readonly spentMachineHours: number | null;
  readonly spentUsd: number | null;
  /** Stuck machines that were replaced within 24 hours; absent where nobody counted. */
  readonly replacedToday?: number;
};

/** What was found out about Fly beyond the states of the pool's machines. */
export type FlyNow = {
  /** A deploy of the app that can be seen. */
  readonly release: ReleaseUnderWay | null;
  /** Machines of the pool that a later release left behind, by id. */
  readonly outdated: readonly string[];
  /** What Fly Proxy's settings would undo, in a sentence. */
  readonly proxy: string | null;
  /** What Fly had no room for lately, and is not to be asked for yet. */
  readonly noRoom: readonly NoRoom[];
};

export type Observation = {
  readonly pool: PoolKey;
  readonly slot: Instant;
  readonly attempt: number;
  readonly now: Instant;
  readonly cadenceMs: number;
  readonly mode: Mode;
  readonly policy: Policy;
  readonly machines: Part<readonly Machine[]>;
  /** Active machines by the books of the last tick: what is told of where the list cannot be read. */
  readonly bookedWorkers: number;
  /** How long the pool's boots took of late; absent where none was measured. */
  readonly boots?: readonly BootStats[];
  /** What was learned of the machines' capacity, and samples to learn from; absent where the policy wants none of it. */
  readonly capacity?: CapacityNews;
  /** What outranks the policy's capacity and lead time: put in by decideTick, and kept in the record. */
  readonly learned?: Learned;
  /** From the forecaster's watermark, and at least the stabilisation time, up to now. */
  readonly samples: Part<TrafficSeries>;
  /** What was pulled for it, how old that is; absent where no source is configured. Its samples are in `samples`. */
  readonly source?: Part<SourceReading>;
  readonly state: ForecastState | null;
  /** The promise's books as the last tick left them; null where none were kept. */
  readonly ledger: ServiceLedger | null;
  /** What a forecaster outside answered; absent where none is configured. Only a fresh answer has a say. */
  readonly outside?: Part<OutsideForecast>;
  /** Pools of the same app and process group in other regions that know their week; only for a pool that is young. */
  readonly sisters?: readonly Sister[];
  readonly events: readonly TrafficEvent[];
  readonly override: Override | null;
  readonly lastChangeAt: Instant | null;
  /** Absent where nobody counts: rules that go by it are silent. */
  readonly tally?: Tally;
  /** Absent where there is nothing to tell. */
  readonly fly?: FlyNow;
};

/** The part's value, however old, or null. */
export function partValue<T>(part: Part<T>): T | null {
  return part.status === "missing" ? null : part.value;
}
