/**
 * Everything the tick asks of the world. One contract suite per port (test/contracts/) runs on the memory form and on
 * the real one. A port speaks the words of core; what Fly, Postgres or Redis call it stays in their rooms.
 */
import type { Action } from "./core/actions.ts";
import type { Breaker, Mode as BreakerMode, Order, Verdict } from "./core/breaker/breaker.ts";
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
import type { BucketRule } from "./core/limiter.ts";
import type { NoRoom } from "./core/no-room.ts";
import type { Override, Tally } from "./core/observation.ts";
import type { Phase, PhaseNow } from "./core/phase.ts";
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
  /**
   * Sets min_machines_running of a stopped machine where Fly Proxy minds it (autostop on, primary region), under its lease, and
   * leaves it stopped. `alreadyDone` where there is nothing to set, or it is not stopped: a running one would be restarted.
   */
  keepMinRunning(app: string, machineId: string, minRunning: number): Promise<"done" | "alreadyDone">;
  /** Under the machine's lease, which is given back in every path; `leaseHeld` where somebody else has it. */
  stop(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /** Likewise; `invalid` or `wrongState` where Fly cannot suspend it. */
  suspend(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /** Likewise; out of Fly Proxy's routing. `alreadyDone`: somebody else did that. */
  cordon(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /** Likewise; back into it. */
  uncordon(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /** Likewise; for good. `wrongState` unless it stands still and is known to have no volume. */
  destroy(app: string, machineId: string): Promise<"done" | "alreadyDone">;
  /**
   * A clone of the template under the given name, in the given region, with volumes of its own where it mounts any.
   * `nameTaken` where the name exists, with the holder's id where it is known. `minRunning` as keepMinRunning sets it.
   */
  create(app: string, request: CreateRequest): Promise<Machine>;
};
export type CreateRequest = {
  readonly name: string;
  readonly region: string;
  readonly templateId: string;
  readonly minRunning?: number;
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
  /** What takes less is not slow, whatever the breaker's rule says; absent: the rule alone. */
  readonly patienceMs?: number;
  /** Once it is aborted the caller has gone: no wait goes on, and nothing is tried again. */
  readonly signal?: AbortSignal;
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

/** Breakers outlive the isolate here: loaded once and saved once a tick. */
export type BreakerStates = {
  load(): Promise<{ readonly breakers: readonly StoredBreaker[]; readonly orders: readonly BreakerOrder[] }>;
  /**
   * Saves each breaker whose stored version is lower than its own. Answers the others as they are stored: somebody
   * was faster, and what was seen here is to be laid over what they saw.
   */
  save(breakers: readonly StoredBreaker[]): Promise<readonly StoredBreaker[]>;
};

/** In between nothing is asked of it but half-open permits. */
export type BreakerStore = BreakerStates & {
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
export type KnownMachine = {
  readonly id: string;
  readonly state: MachineState;
  readonly seenAt: Instant;
  /** Absent where no tick has told yet. */
  readonly phase?: PhaseNow;
};

/** Samples that were written after the forecaster had learned their bin, as far as no tick has learned them since. */
export type LateSamples = {
  /** The oldest of them. */
  readonly since: Instant;
  readonly samples: number;
  /** When the first of them was noted. */
  readonly notedAt: Instant;
};

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
  readonly tally: Tally;
  readonly openIntents: readonly Intent[];
  /** As the last tick that acted left it; absent: nothing. What is over may still be in it. */
  readonly noRoom?: readonly NoRoom[];
  /** Absent: nothing came late. */
  readonly late?: LateSamples;
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
  /** So many late samples this state has learned; the books forget them unless more have come since. Absent: none. */
  readonly lateLearned?: number;
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
  /**
   * Stores samples that were pulled from a source. What an app sent, or a person imported, is never replaced by them, and
   * replaces them when it comes later; what was pulled before is. Answers like `store`, and how many minutes changed.
   */
  storePulled(
    samples: readonly PoolSample[],
    now: Instant,
  ): Promise<{
    readonly changed: number;
    readonly unknownPool: readonly number[];
    readonly tooOld: readonly number[];
  }>;
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

/** A machine as a source of metrics needs to know it. */
export type MetricMachine = Pick<Machine, "id" | "region" | "processGroup" | "state" | "softLimit">;

export type TrafficQuestion = {
  readonly app: string;
  /** Bins of [from, until) are asked for; both are on the bin's grid. */
  readonly from: Instant;
  readonly until: Instant;
  readonly binMs: number;
  /** As Fly lists them now; machines of the past are not among them. */
  readonly machines: readonly MetricMachine[];
  /** The app's pools by the books: for machines that are no longer listed. */
  readonly pools: readonly PoolKey[];
  /** For everything that is asked. */
  readonly timeoutMs: number;
};

/**
 * Why a source has no samples, and with that what to do: auth, invalid: a person must act; rateLimited, unreachable,
 * slow, partial: ask again at the next tick; tooLarge: ask for less.
 */
export type TrafficFailure =
  | "auth"
  | "invalid"
  | "rateLimited"
  | "unreachable"
  | "slow"
  | "partial"
  | "tooLarge";

export type TrafficAnswer =
  | {
      readonly status: "answered";
      /** By pool, then ascending; a bin that was not wholly measured has none. */
      readonly samples: readonly PoolSample[];
      /** Requests in flight over the machines' soft limits, in the newest bin; for pools whose limits are known. */
      readonly saturation: readonly { readonly pool: PoolKey; readonly share: number }[];
      /** Machines that had nothing in flight at both ends of their newest whole bin, which began at `since`. */
      readonly idle?: readonly { readonly machineId: string; readonly since: Instant }[];
      /** What was left out, and why. */
      readonly warnings: readonly string[];
      /** Values that were read: what the answer cost. */
      readonly points: number;
    }
  | { readonly status: "failed"; readonly kind: TrafficFailure; readonly why: string };

/** Metrics that somebody else keeps, such as Fly's Prometheus, as samples of pools. */
export type TrafficSource = {
  /** A bin is whole so long after its end. */
  readonly settleMs: number;
  /** So far back it keeps what it measured. */
  readonly keptMs: number;
  /** Never throws. The same question later gives the same samples, but for bins that were not whole then. */
  read(question: TrafficQuestion): Promise<TrafficAnswer>;
};

/** How far an app's samples were pulled from the source; all of [filledFrom, liveUntil) is. */
export type PullProgress = {
  readonly app: string;
  /** History is wanted from here on. */
  readonly wantedFrom: Instant;
  readonly filledFrom: Instant;
  readonly liveUntil: Instant;
  /** When the history was complete; null while it is not. */
  readonly finishedAt: Instant | null;
};

/** The books of what was pulled. */
export type Pulls = {
  recall(app: string): Promise<PullProgress | null>;
  /** Writes the progress where it is still as `before` says; false where somebody else was faster. */
  advance(before: PullProgress | null, after: PullProgress, now: Instant): Promise<boolean>;
  /** Notes that the history is complete and, in the same transaction, has the app's forecasters learn anew. */
  finish(progress: PullProgress, now: Instant): Promise<boolean>;
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
  readonly lock: Lock;
  readonly leases: Leases;
  readonly history: History;
  readonly samples: Samples;
  /** null where samples only come by being sent. */
  readonly trafficSource: TrafficSource | null;
  readonly pulls: Pulls;
  readonly notifier: Notifier;
  /** Absent where no forecaster outside is configured. */
  readonly experts?: Experts;
  readonly cache: Cache;
  /** A number in [0, 1), for the jitter of pauses. */
  readonly chance: () => number;
  /** A fresh random word for the owner of a lock. */
  readonly newToken: () => string;
};

/** A write that came under an Idempotency-Key. `holder` names this very attempt, so that a late one completes nothing. */
export type KeyedRequest = {
  readonly tokenId: string;
  readonly endpoint: string;
  readonly key: string;
  /** SHA-256 of the request, 64 hex digits: the same key with another request is a mistake. */
  readonly fingerprint: string;
  readonly holder: string;
};
export type KeyClaim =
  | { readonly status: "claimed" }
  | { readonly status: "running"; readonly retryAfterMs: number }
  | { readonly status: "otherRequest" }
  | { readonly status: "done"; readonly answer: string };

/**
 * Answers to writes, kept by token, endpoint and key for whoever did not hear them. Expiry is in real time; what has run out
 * was never there.
 */
export type IdempotencyKeys = {
  /** `claimed` is this attempt's turn to work, for `runningForMs` at most. */
  claim(request: KeyedRequest, runningForMs: number): Promise<KeyClaim>;
  /** Keeps the answer, where the claim is still this attempt's. */
  keep(request: KeyedRequest, answer: string, keepMs: number): Promise<void>;
  /** Gives the key up without an answer: the next request under it is worked on. */
  release(request: KeyedRequest): Promise<void>;
};

/** Something outside that flyahead needs (`required`) or can miss for a while. */
export type Dependency = {
  readonly name: string;
  readonly required: boolean;
  /** null: it is not asked, since a question is work for it; its breaker tells how the last calls went. */
  readonly check: HealthCheck | null;
};

/** The breakers before a dependency bear its name, or a longer one: "fly:write:fra". */
export type ReadBreakers = () => Promise<readonly { readonly name: string; readonly mode: BreakerMode }[]>;

/** A pool as it stands now, for people. */
export type PoolStatus = {
  /** As SQL and functions like historical_matches take it. */
  readonly id: number;
  readonly pool: PoolKey;
  readonly mode: Mode;
  readonly machines: {
    readonly started: number;
    readonly stopped: number;
    readonly other: number;
    readonly failing: number;
  };
  readonly bounds: { readonly min: number; readonly max: number } | null;
  /** Requests in the newest measured minute, none older than a day. */
  readonly load: { readonly at: Instant; readonly requests: number } | null;
  /** Requests a minute that the started machines carry; null until the first tick. */
  readonly capacity: number | null;
  readonly nextPeak: { readonly at: Instant; readonly load: number } | null;
  readonly lastDecision: {
    readonly kind: Decision["kind"];
    readonly reason: string;
    readonly at: Instant;
  } | null;
  readonly overrideUntil: Instant | null;
  readonly frozenUntil: Instant | null;
  /** Machines in each phase that any is in. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Of the phases that pass, the one that has lasted longest; null: none does. */
  readonly slowest: { readonly phase: Phase; readonly since: Instant } | null;
};

/** A decision as the books keep it; actions with what became of them. */
export type PastDecision = Pick<
  Decision,
  | "kind"
  | "from"
  | "to"
  | "needNow"
  | "needCovered"
  | "worth"
  | "goal"
  | "severity"
  | "foreseen"
  | "quantile"
  | "reason"
> & {
  readonly slot: Instant;
  readonly attempt: number;
  readonly at: Instant;
  readonly mode: Mode;
  readonly confidence: number | null;
  readonly constraints: readonly string[];
  readonly actions: readonly {
    readonly kind: Action["kind"];
    readonly machineId: string | null;
    readonly status: OutcomeStatus | "open";
  }[];
};

/** What the newest tick foresaw: load at STORED_QUANTILES per horizon, as it was stored. */
export type StoredForecast = {
  readonly madeAt: Instant;
  readonly model: string;
  readonly confidence: number;
  readonly horizons: readonly {
    readonly horizonMs: number;
    readonly at: Instant;
    readonly load: readonly number[];
  }[];
};

export type PoolDetail = PoolStatus & {
  /** As the last tick used it; null before there was one. */
  readonly policy: Pick<Policy, "requestsPerWorker" | "leadSeconds" | "minWorkers" | "maxWorkers"> | null;
  readonly forecast: StoredForecast | null;
  /** The newest first. */
  readonly decisions: readonly PastDecision[];
};

/** Pools as they stand, for people. `apps` null: of all apps; a pool of another app is as good as none. A cache may stand before it. */
export type PoolStatuses = {
  list(apps: readonly string[] | null): Promise<PoolStatus[]>;
  find(id: number, apps: readonly string[] | null, decisions: number): Promise<PoolDetail | null>;
};
