/**
 * Everything the tick asks of the world. One contract suite per port (test/contracts/) runs on the memory form and on
 * the real one. A port speaks the words of core; what Fly, Postgres or Redis call it stays in their rooms.
 */
import type { Action } from "./core/actions.ts";
import type { Breaker, Order, Verdict } from "./core/breaker/breaker.ts";
import type { Decision } from "./core/decide.ts";
import type { Prediction } from "./core/decide-tick.ts";
import type { Machine, MachineState, PoolKey } from "./core/fleet.ts";
import type { ColdState, HotState, StoredState } from "./core/forecast/codec.ts";
import type { NextPeak } from "./core/forecast/next-peak.ts";
import type { Pattern } from "./core/forecast/patterns.ts";
import type { BucketRule } from "./core/limiter.ts";
import type { NoRoom } from "./core/no-room.ts";
import type { Override } from "./core/observation.ts";
import type { Mode, Policy } from "./core/policy.ts";
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
  /** Under the machine's lease, which is given back in every path; `leaseHeld` where somebody else has it. */
  stop(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /**
   * A clone of the template under the given name, in the given region, with volumes of its own where it mounts any.
   * `nameTaken` where the name exists, with the holder's id where it is known.
   */
  create(app: string, request: { name: string; region: string; templateId: string }): Promise<Machine>;
};

/**
 * One call to an outside system, as the guard must know it. Names of breakers are the dependency's, and for Fly the
 * region's and the app's: "redis", "fly:write:fra", "fly:access:shop".
 */
export type OutgoingCall = {
  /** What is measured under one name: "fly:write", "redis". */
  readonly dependency: string;
  /** All of them must let the call pass; `on` says which results each one counts. */
  readonly breakers: readonly { readonly name: string; readonly counts: "health" | "access" | "both" }[];
  /** Taken from before the call; null: the other side has no limit that we know of. */
  readonly bucket: { readonly key: string; readonly rule: BucketRule } | null;
  /** Without an answer of the limiter a read passes and a write does not. */
  readonly kind: "read" | "write";
  /** Tries in all. 1 where only the caller knows whether a second one is safe. */
  readonly tries: number;
  /** No wait and no try begins later than this after the call began. */
  readonly deadlineMs: number;
  /** What an error says about the other side. */
  readonly judge: (error: unknown) => Verdict;
};

/**
 * What every call to an outside system goes through: deadline, retry, limiter, breaker, measurement, in this order from
 * the outside in. Throws what the call threw, or a HeldBackError where it was not made.
 */
export type Guard = <T>(call: OutgoingCall, attempt: () => Promise<T>) => Promise<T>;

/** A breaker as it is kept: `version` grows by one with each save. */
export type StoredBreaker = { readonly name: string; readonly version: number; readonly breaker: Breaker };
/** What an operator wants of a breaker; a later order has a higher id. */
export type BreakerOrder = { readonly name: string; readonly id: number; readonly order: Order };

/** Breakers outlive the isolate here: loaded once and saved once a tick; in between only half-open permits are asked for. */
export type BreakerStore = {
  load(): Promise<{ readonly breakers: readonly StoredBreaker[]; readonly orders: readonly BreakerOrder[] }>;
  /**
   * Saves each breaker whose stored version is lower than its own. Answers the others as they are stored: somebody
   * was faster, and what was seen here is to be laid over what they saw.
   */
  save(breakers: readonly StoredBreaker[]): Promise<readonly StoredBreaker[]>;
  /**
   * One of the `limit` probes of this opening of the breaker, counted atomically across isolates. Probes are forgotten
   * `ttlMs` after the first of them, when none can be under way any more. False also for an opening that is over.
   */
  takeProbe(name: string, opening: number, limit: number, ttlMs: number): Promise<boolean>;
};

/** Calls of a kind that the other side allows; "unavailable" where the count cannot be known. */
export type CallLimit = {
  /** 0: taken. Above 0: nothing was taken, and so many ms later there will be a token. */
  take(key: string, rule: BucketRule): Promise<{ readonly waitMs: number } | "unavailable">;
};

/**
 * What may be lost at any time, and is quick to read. It never throws: away, it has nothing and keeps nothing. Values are
 * JSON, not null, and to be parsed like everything from outside.
 */
export type Cache = {
  /** null: not there, or not to be had. */
  get(key: string): Promise<unknown>;
  set(
    key: string,
    value: unknown,
    options: { readonly ttlMs: number; readonly tags?: readonly string[] },
  ): Promise<void>;
  /** Forgets every value that was set with this tag. */
  invalidate(tag: string): Promise<void>;
  /** Since this isolate began. */
  stats(): CacheStats;
};
export type CacheStats = {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  /** Times that the cache could not be reached; each also counts as a miss where it was a get. */
  readonly failures: number;
};

/** Whether a dependency answers, and how fast. Never throws; `why` is for people and holds no secret. */
export type Health = { readonly ok: boolean; readonly latencyMs: number; readonly why: string | null };
export type HealthCheck = () => Promise<Health>;

/** Saves double work and may fail or be away: "unavailable" is an answer, not an exception. */
export type Lock = {
  acquire(key: string, token: string, ttlMs: number): Promise<"acquired" | "held" | "unavailable">;
  /** Sets the holder's time to live anew, from now; "lost" where the lock is not this holder's (any more). */
  extend(key: string, token: string, ttlMs: number): Promise<"extended" | "lost" | "unavailable">;
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
  readonly state: StoredState | null;
  readonly coldSavedAt: Instant | null;
  readonly override: Override | null;
  readonly lastChangeAt: Instant | null;
  readonly openIntents: readonly Intent[];
  /** As the last tick that acted left it; absent: nothing. What is over may still be in it. */
  readonly noRoom?: readonly NoRoom[];
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
  /** One intent per action; empty unless the mode is act. */
  readonly actions: readonly Action[];
  readonly override: Override | null;
  readonly hot: HotState | null;
  /** null while the stored one is young enough. */
  readonly cold: { readonly state: ColdState; readonly patterns: readonly Pattern[] } | null;
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

/** What a tick found out about Fly; all that is known of the pool, not only what is new. */
export type PoolFindings = {
  readonly pool: PoolKey;
  /** What Fly Proxy's settings would undo, in a sentence; null: nothing. */
  readonly proxy: string | null;
  readonly noRoom: readonly NoRoom[];
};

export type CloseTick = {
  readonly lease: Lease;
  readonly now: Instant;
  readonly outcomes: readonly { readonly intentId: string; readonly outcome: Outcome }[];
  /** Pools that are not in it keep what was known of them. */
  readonly findings?: readonly PoolFindings[];
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
   */
  readSeries(
    app: string,
    windows: readonly SeriesWindow[],
    until: Instant,
    binMs: number,
  ): Promise<{ readonly pool: PoolKey; readonly series: TrafficSeries }[]>;
};

export type SeriesWindow = { readonly pool: PoolKey; readonly from: Instant };

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
  readonly lock: Lock;
  readonly leases: Leases;
  readonly history: History;
  readonly samples: Samples;
  readonly notifier: Notifier;
  readonly cache: Cache;
  /** A number in [0, 1), for the jitter of pauses. */
  readonly chance: () => number;
  /** A fresh random word for the owner of a lock. */
  readonly newToken: () => string;
};
