/**
 * Everything the tick asks of the world. One contract suite per port (test/contracts/) runs on the memory form and on
 * the real one. A port speaks the words of core; what Fly, Postgres or Redis call it stays in their rooms.
 */
import type { Action } from "./core/actions.ts";
import type { BootStats } from "./core/capacity/boot-stats.ts";
import type { Boot } from "./core/capacity/boots.ts";
import type { Decision } from "./core/decide.ts";
import type { Prediction } from "./core/decide-tick.ts";
import type { Machine, MachineState, PoolKey } from "./core/fleet.ts";
import type { ColdState, HotState, StoredState } from "./core/forecast/codec.ts";
import type { NextPeak } from "./core/forecast/next-peak.ts";
import type { OutsideForecast } from "./core/forecast/outside.ts";
import type { ExpertWeight } from "./core/forecast/panel.ts";
import type { Pattern } from "./core/forecast/patterns.ts";
import type { Override } from "./core/observation.ts";
import type { Mode, Policy } from "./core/policy.ts";
import type { Quantile } from "./core/quantile.ts";
import type { TickRecord } from "./core/tick-record.ts";
import type { Instant } from "./core/time.ts";
import type { TrafficSample, TrafficSeries } from "./core/traffic.ts";

/** Step 1's answer: the slot is on the grid, so a retry is the same tick; the mode is the lowest of those asked for. */
export type TickRequest = { readonly slot: Instant; readonly mode: Mode; readonly apps: readonly string[] };

export type Clock = { now(): Instant; sleep(ms: number): Promise<void> };

/** One line of structured log: a step, and what is worth knowing about it. Never a secret. */
export type Log = (step: string, facts: Record<string, unknown>) => void;

/**
 * Fly Machines. Every call may throw a MachineApiError, whose kind says what to do next.
 * start of a started, stop of a stopped machine answer "alreadyDone".
 */
export type MachineApi = {
  /** Machines of the app's platform groups; not the release-command and console ones. `notFound` where there is no such app. */
  list(app: string): Promise<Machine[]>;
  /** `notFound` where it is gone. */
  get(app: string, machineId: string): Promise<Machine>;
  start(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  stop(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /** A clone of the template under the given name, in the given region. `nameTaken` where the name exists. */
  create(app: string, request: { name: string; region: string; templateId: string }): Promise<Machine>;
};

/**
 * Wraps each call to an outside system: breaker, limiter and machine leases get their place here. The pass-through
 * form lets everything by.
 */
export type Guard = <T>(
  dependency: "fly:read" | "fly:write",
  subject: string,
  call: () => Promise<T>,
) => Promise<T>;

/** Saves double work and may fail or be away: "unavailable" is an answer, not an exception. */
export type Lock = {
  acquire(key: string, token: string, ttlMs: number): Promise<"acquired" | "held" | "unavailable">;
  /** Only the holder's token releases; false where the lock was not this holder's (any more) or could not be reached. */
  release(key: string, token: string): Promise<boolean>;
};

export type Lease = {
  readonly app: string;
  readonly slot: Instant;
  readonly attempt: number;
  readonly fence: number;
};
export type LeaseAnswer =
  | { readonly status: "held"; readonly lease: Lease }
  | { readonly status: "busy"; readonly retryAfterMs: number }
  | { readonly status: "closed" };

/** The app's lease row in Postgres: always taken, and its fence checked by every write. Expiry is in real time. */
export type Leases = {
  /** `closed` where the slot, or a later one, was closed before; a slot left open is taken again as the next attempt. */
  acquire(app: string, slot: Instant, ttlMs: number): Promise<LeaseAnswer>;
  /** Whether the lease's fence is still the newest and unexpired. */
  isHeld(lease: Lease): Promise<boolean>;
  /** Gives the lease up without closing the slot: it can be taken at once, as the next attempt. */
  release(lease: Lease): Promise<void>;
};

/** What was intended before an action: one row, closed once with its evidence. */
export type Intent = {
  readonly id: string;
  readonly pool: PoolKey;
  readonly action: Action;
  readonly openedAt: Instant;
};
export type OutcomeStatus = "done" | "alreadyDone" | "refused" | "failed" | "unknown";
export type Outcome = {
  readonly status: OutcomeStatus;
  /** The machine that was acted on; null where a create made none. */
  readonly machineId: string | null;
  /** What was seen: Fly's words, the request's id, the state found later. */
  readonly evidence: string;
};

/** A machine as the last tick that saw it left it in the books. */
export type KnownMachine = { readonly id: string; readonly state: MachineState; readonly seenAt: Instant };

/** All that history knows of a pool when a tick begins. */
export type PoolMemory = {
  readonly pool: PoolKey;
  readonly mode: Mode;
  /** The pool's own values; absent ones come from the configuration. */
  readonly policy: Partial<Policy>;
  readonly machines: readonly KnownMachine[];
  /** When a tick last read the pool's machines; null where none could. */
  readonly lookedAt: Instant | null;
  /** How long boots took of late; empty where none was measured. */
  readonly boots: readonly BootStats[];
  readonly state: StoredState | null;
  readonly coldSavedAt: Instant | null;
  readonly override: Override | null;
  readonly lastChangeAt: Instant | null;
  readonly openIntents: readonly Intent[];
};

/** What one pool's tick writes before anything moves. */
export type PoolTick = {
  readonly pool: PoolKey;
  readonly mode: Mode;
  /** As it was used: configuration and the pool's own values together. */
  readonly policy: Policy;
  readonly decision: Decision;
  readonly record: TickRecord;
  /** null where the list could not be read: the books stay as they are. */
  readonly machines: readonly Machine[] | null;
  /** Boots that ended since the last look. One that is known is told again only to better its evidence. */
  readonly boots: readonly Boot[];
  /** One intent per action; empty unless the mode is act. */
  readonly actions: readonly Action[];
  readonly override: Override | null;
  readonly hot: HotState | null;
  /** null while the stored one is young enough. */
  readonly cold: {
    readonly state: ColdState;
    readonly patterns: readonly Pattern[];
    readonly weights?: readonly ExpertWeight[];
  } | null;
  readonly predictions: readonly Prediction[];
  readonly nextPeak: NextPeak | null;
  readonly model: string | null;
  readonly confidence: number | null;
};

export type OpenTick = {
  readonly lease: Lease;
  readonly now: Instant;
  readonly mode: Mode;
  /** Time between slots: from it the books know which slots were missed. */
  readonly cadenceMs: number;
  readonly pools: readonly PoolTick[];
  /** Intents of earlier ticks, with what became of them. */
  readonly resolved: readonly { readonly intentId: string; readonly outcome: Outcome }[];
  /** Pools without a machine, to be retired; never sent unless the list was read. */
  readonly retired: readonly PoolKey[];
};

export type CloseTick = {
  readonly lease: Lease;
  readonly now: Instant;
  readonly outcomes: readonly { readonly intentId: string; readonly outcome: Outcome }[];
  /** What is to be kept about the tick as a whole: milliseconds per step, what failed. */
  readonly summary: Record<string, unknown>;
};

/** The memory of the autoscaler. Writes carry the lease and throw StaleFenceError where its fence is not the newest. */
export type History = {
  recall(app: string, now: Instant): Promise<PoolMemory[]>;
  /** Answers the intents in the order of the pools and their actions. */
  openTick(tick: OpenTick): Promise<Intent[]>;
  /** Records outcomes, closes the slot and gives the lease up. */
  closeTick(tick: CloseTick): Promise<void>;
  /** Apps that a tick could not reach before its deadline: they are called again. */
  recordUnreached(slot: Instant, apps: readonly string[], now: Instant): Promise<void>;
};

export type PoolSample = TrafficSample & { readonly pool: PoolKey };

export type Samples = {
  /**
   * Stores samples of known pools, idempotent on (pool, at): the later write counts. A retired pool is known for a day more.
   * Answers the indexes of what was not stored: samples whose pool is not known, and those older than samples are kept.
   */
  store(
    samples: readonly PoolSample[],
    now: Instant,
  ): Promise<{ readonly unknownPool: readonly number[]; readonly tooOld: readonly number[] }>;
  /** Samples of one pool with from ≤ at < until, ascending, with all that was measured. For people. */
  read(pool: PoolKey, from: Instant, until: Instant): Promise<TrafficSample[]>;
  /**
   * Requests per bin of several pools of an app, each from its own instant (on the bin's grid) to `until`, in one round
   * trip. For the tick, which reads four weeks of minutes where a forecaster has no state yet. Pools without samples are absent.
   * With them, where a window asks, the samples that tell of the machines.
   */
  readSeries(
    app: string,
    windows: readonly SeriesWindow[],
    until: Instant,
    binMs: number,
  ): Promise<readonly PoolSeries[]>;
};

export type SeriesWindow = {
  readonly pool: PoolKey;
  readonly from: Instant;
  /** From here on, samples that measured errors, latency, cpu or concurrency are wanted as such. */
  readonly signalsFrom?: Instant;
};
export type PoolSeries = {
  readonly pool: PoolKey;
  readonly series: TrafficSeries;
  /** Ascending, with these four and the requests alone; absent where they were not asked for. */
  readonly signals?: readonly TrafficSample[];
};

/** What a forecaster outside is asked about one app: the load of each bin to come, of each of its pools. */
export type ExpertRequest = {
  readonly app: string;
  readonly now: Instant;
  /** Start of the first bin that is wanted: the bin of `now`. */
  readonly from: Instant;
  readonly binMs: number;
  readonly bins: number;
  /** Ascending. */
  readonly quantiles: readonly Quantile[];
  readonly pools: readonly ExpertQuestion[];
};
export type ExpertQuestion = {
  readonly pool: PoolKey;
  readonly timeZone: string;
  /** The busiest minute of each bin, a week back and up to `from`; NaN is a gap. */
  readonly recent: TrafficSeries;
};
export type ExpertAnswer =
  | { readonly status: "answered"; readonly forecast: OutsideForecast }
  | { readonly status: "missing"; readonly why: string };

/** A forecaster outside. It may fail, be slow or talk nonsense: each is an answer, one per pool in their order. Never throws. */
export type Experts = { ask(request: ExpertRequest): Promise<readonly ExpertAnswer[]> };

/** Tells the outside that a tick closed: a monitor that hears nothing knows that flyahead is dead. Never throws. */
export type Notifier = { heartbeat(): Promise<void> };

/** A caller of the functions, after its token was checked. */
export type Caller = {
  readonly tokenId: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
};
export type Tokens = { find(tokenHash: string, now: Instant): Promise<Caller | null> };

/** Requests per caller within a sliding window. A limiter that cannot be reached lets requests by. */
export type RequestLimit = {
  take(key: string): Promise<{ allowed: boolean; limit: number; remaining: number; resetAt: Instant }>;
};

/** What one tick needs. */
export type TickPorts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly machineApi: MachineApi;
  readonly guard: Guard;
  readonly lock: Lock;
  readonly leases: Leases;
  readonly history: History;
  readonly samples: Samples;
  readonly notifier: Notifier;
  /** Absent where no forecaster outside is configured. */
  readonly experts?: Experts;
  /** A fresh random word for the owner of a lock. */
  readonly newToken: () => string;
};
