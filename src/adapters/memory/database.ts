/**
 * What the memory forms of leases, history, samples and tokens share, as the real ones share one Postgres: a write of
 * history must see the lease that guards it, and a sample the pool it belongs to.
 *
 * All forms read and write it synchronously, so each port call is a transaction of its own. The trap: whatever may
 * throw has to throw before the first write, or half a tick would stay.
 */

import type { Boot } from "../../core/capacity/boots.ts";
import { type PoolKey, poolName } from "../../core/fleet.ts";
import type { ColdState, HotState } from "../../core/forecast/codec.ts";
import type { Pattern } from "../../core/forecast/patterns.ts";
import type { NoRoom } from "../../core/no-room.ts";
import type { Override } from "../../core/observation.ts";
import type { Mode, Policy } from "../../core/policy.ts";
import type { Instant } from "../../core/time.ts";
import type { TrafficSample } from "../../core/traffic.ts";
import { StaleFenceError } from "../../errors.ts";
import type {
  Caller,
  Intent,
  KnownMachine,
  LateSamples,
  Lease,
  Outcome,
  PoolTick,
  PullProgress,
} from "../../ports.ts";

export type LeaseRow = {
  fence: number;
  slot: Instant | null;
  attempt: number;
  /** In real time. */
  expiresAt: Instant;
  closedSlot: Instant | null;
};

/** What machines ran this month up to `since`, and how many have run from there. */
export type SpendingRow = {
  readonly since: Instant;
  readonly running: number;
  readonly machineHours: number;
};

export type PoolRow = {
  readonly pool: PoolKey;
  mode: Mode;
  policy: Partial<Policy>;
  retiredAt: Instant | null;
  machines: KnownMachine[];
  lookedAt: Instant | null;
  /** By machine and the instant at which it was asked. */
  readonly boots: Map<string, Boot>;
  hot: HotState | null;
  cold: ColdState | null;
  coldSavedAt: Instant | null;
  patterns: readonly Pattern[];
  override: Override | null;
  lastChangeAt: Instant | null;
  /** null until its machines were read once. */
  spending: SpendingRow | null;
  noRoom: readonly NoRoom[];
  /** Stops of stuck machines, oldest first. */
  readonly replacements: IntentRow[];
  /** What people read in region_status. */
  flyProxy: string | null;
  /** By UTC day, then by instant: a read costs what it reads, not what was ever stored. */
  readonly samplesByDay: Map<Instant, Map<Instant, TrafficSample>>;
  /** Minutes whose sample was pulled from a source. */
  readonly pulledAt: Set<Instant>;
  /** null: nothing came after its bin was learned. */
  late: LateSamples | null;
};

export type TickRow = {
  readonly lease: Lease;
  readonly mode: Mode;
  readonly openedAt: Instant;
  closedAt: Instant | null;
  summary: Record<string, unknown> | null;
};

/** One decision, as the tick handed it in. */
export type HistoryRow = Pick<
  PoolTick,
  "pool" | "mode" | "policy" | "decision" | "record" | "predictions" | "model" | "confidence"
> & { readonly slot: Instant; readonly attempt: number; readonly decidedAt: Instant };

/** `outcome` may be "unknown" while the intent is open: then it is what was seen so far. */
export type IntentRow = Intent & { outcome: Outcome | null; closedAt: Instant | null };

export type TokenRow = Caller & {
  readonly hash: string;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** The word before the last: until when it is good; null: it is the last. */
  readonly replacedUntil: Instant | null;
};

export type MemoryDatabase = {
  /** Real time, by which leases expire, also where the ticks run on a virtual clock. */
  readonly now: () => Instant;
  readonly leases: Map<string, LeaseRow>;
  readonly pools: Map<string, PoolRow>;
  readonly ticks: Map<string, TickRow>;
  readonly history: HistoryRow[];
  readonly intents: Map<string, IntentRow>;
  /** The rows of `intents` that are not closed, oldest first. */
  readonly openIntents: Map<string, IntentRow>;
  readonly unreached: Map<string, { readonly slot: Instant; readonly app: string }>;
  readonly tokens: Map<string, TokenRow>;
  /** By app. */
  readonly pulls: Map<string, PullProgress>;
};

/** An empty database. `now` is real time: `Date.now` in a program, a number that a test moves in a test. */
export function createMemoryDatabase(now: () => Instant): MemoryDatabase {
  return {
    now,
    leases: new Map(),
    pools: new Map(),
    ticks: new Map(),
    history: [],
    intents: new Map(),
    openIntents: new Map(),
    unreached: new Map(),
    tokens: new Map(),
    pulls: new Map(),
  };
}

/** Whether the lease's fence is the newest of its app and has not expired. */
export function holdsLease({ leases, now }: MemoryDatabase, { app, fence }: Lease): boolean {
  const row = leases.get(app);
  return row !== undefined && row.fence === fence && row.expiresAt > now();
}

/** @throws StaleFenceError where the lease is not held (any more). */
export function requireFence(database: MemoryDatabase, lease: Lease): void {
  if (!holdsLease(database, lease)) throw new StaleFenceError(lease.app, lease.fence);
}

/** The pool's row; registered in mode advise where it was never seen. A retired pool stays retired. */
export function registerPool({ pools }: MemoryDatabase, { app, region, processGroup }: PoolKey): PoolRow {
  const pool = { app, region, processGroup };
  const known = pools.get(poolName(pool));
  if (known) return known;
  const row: PoolRow = {
    pool,
    mode: "advise",
    policy: {},
    retiredAt: null,
    machines: [],
    lookedAt: null,
    boots: new Map(),
    hot: null,
    cold: null,
    coldSavedAt: null,
    patterns: [],
    override: null,
    lastChangeAt: null,
    spending: null,
    noRoom: [],
    replacements: [],
    flyProxy: null,
    samplesByDay: new Map(),
    pulledAt: new Set(),
    late: null,
  };
  pools.set(poolName(pool), row);
  return row;
}

/** The row of a pool that is registered and not retired. */
export function livePool({ pools }: MemoryDatabase, pool: PoolKey): PoolRow | undefined {
  const row = pools.get(poolName(pool));
  return row === undefined || row.retiredAt !== null ? undefined : row;
}
