/**
 * History in memory: the same promises as the Postgres form, under the same contract suite. Used by tests, by the
 * simulator and by the command line's dry runs.
 *
 * What is kept is copied through JSON, as a column would keep it: a record that holds NaN, or that is changed after it
 * was handed in, shows itself here and not first in Postgres.
 */

import { bootStatsOf, isBetterEvidence } from "../../core/capacity/boot-stats.ts";
import type { Boot } from "../../core/capacity/boots.ts";
import type { PoolKey } from "../../core/fleet.ts";
import { poolName } from "../../core/fleet.ts";
import type { PhaseNow } from "../../core/phase.ts";
import type { Mode, Policy } from "../../core/policy.ts";
import type { Instant } from "../../core/time.ts";
import type { CloseTick, History, Intent, Lease, OpenTick, PoolMemory, PoolTick } from "../../ports.ts";
import {
  type HistoryRow,
  type IntentRow,
  livePool,
  type MemoryDatabase,
  type PoolRow,
  registerPool,
  requireFence,
  type TickRow,
} from "./database.ts";
import { closeIntents, noteOwnChange, openIntents } from "./intents.ts";
import { giveUp } from "./leases.ts";
import { noteSpending, replacedToday, tallyOf } from "./tally.ts";

/** What a person or a test does beside the port: set a pool as its owner would, and read what was written. */
export type MemoryHistory = History & {
  /** Sets the owner's wishes; registers the pool where it is not known. */
  setPool(pool: PoolKey, wishes: { mode?: Mode; policy?: Partial<Policy> }): void;
  /** Decisions in the order in which they were written. */
  rows(): readonly HistoryRow[];
  ticks(): readonly TickRow[];
  intents(): readonly IntentRow[];
  /** Apps that are still to be called again. */
  unreached(): readonly { slot: Instant; app: string }[];
};

/** History over the shared database, whose leases guard every write. */
export function createMemoryHistory(database: MemoryDatabase): MemoryHistory {
  return {
    recall: async (app, now) =>
      [...database.pools.values()]
        .filter((row) => row.pool.app === app)
        .map((row) => ({ row, memory: recallPool(database, row, now) }))
        // A retired pool is told of for as long as a call to Fly is open in it.
        .filter(({ row, memory }) => row.retiredAt === null || memory.openIntents.length > 0)
        .map(({ memory }) => memory),
    openTick: async (tick) => openTick(database, tick),
    closeTick: async (tick) => closeTick(database, tick),
    recordUnreached: async (slot, apps, _now) => {
      for (const app of apps) database.unreached.set(`${slot} ${app}`, { slot, app });
    },
    setPool: (pool, { mode, policy }) => {
      const row = registerPool(database, pool);
      if (mode !== undefined) row.mode = mode;
      if (policy !== undefined) row.policy = { ...policy };
    },
    rows: () => database.history,
    ticks: () => [...database.ticks.values()],
    intents: () => [...database.intents.values()],
    unreached: () => [...database.unreached.values()],
  };
}

function recallPool({ openIntents, history }: MemoryDatabase, row: PoolRow, now: Instant): PoolMemory {
  const {
    pool,
    mode,
    policy,
    machines,
    lookedAt,
    hot,
    cold,
    coldSavedAt,
    override,
    lastChangeAt,
    noRoom,
    late,
  } = row;
  return {
    pool,
    mode,
    policy,
    machines,
    lookedAt,
    boots: bootStatsOf([...row.boots.values()], now),
    state: hot === null || cold === null ? null : { hot, cold },
    coldSavedAt,
    override: override !== null && override.until > now ? override : null,
    lastChangeAt,
    tally: { ...tallyOf(row, history, now), replacedToday: replacedToday(row, now) },
    ...(noRoom.length === 0 ? {} : { noRoom }),
    ...(late === null ? {} : { late }),
    openIntents: [...openIntents.values()]
      .filter((intent) => poolName(intent.pool) === poolName(pool))
      .map(({ id, action, openedAt }) => ({ id, pool, action, openedAt })),
  };
}

function openTick(database: MemoryDatabase, tick: OpenTick): Intent[] {
  requireFence(database, tick.lease);
  refuseRepeats(database, tick);
  const { lease, mode, now } = tick;
  const row: TickRow = { lease: { ...lease }, mode, openedAt: now, closedAt: null, summary: null };
  database.ticks.set(tickKey(lease), row);
  closeIntents(database, lease, tick.resolved, now);
  for (const pool of tick.retired) retire(livePool(database, pool), now);
  return tick.pools.flatMap((poolTick) => {
    const row = registerPool(database, poolTick.pool);
    writePool(row, poolTick, now);
    if (poolTick.machines !== null || row.spending !== null) noteSpending(row, now);
    database.history.push(historyRow(tick, poolTick));
    return openIntents(database, poolTick, now);
  });
}

/** What a unique index refuses: the same attempt again, or one pool twice in a tick. */
function refuseRepeats({ ticks }: MemoryDatabase, { lease, pools }: OpenTick): void {
  if (ticks.has(tickKey(lease)))
    throw new Error(
      `Cannot open tick ${tickKey(lease)}: it was opened before; acquire the lease anew for the next attempt`,
    );
  const names = pools.map(({ pool }) => poolName(pool));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(`Cannot open tick ${tickKey(lease)}: pool ${twice} is in it twice; send each pool once`);
}

function writePool(
  row: PoolRow,
  { machines, boots, override, hot, lateLearned, cold }: PoolTick,
  now: Instant,
): void {
  row.retiredAt = null;
  if (machines !== null) {
    row.machines = machines.map(({ id, state, phase }) => {
      return { id, state, seenAt: now, ...(phase && { phase: withoutVerdict(phase) }) };
    });
    row.lookedAt = now;
  }
  for (const boot of boots) noteBoot(row, boot);
  if (override !== null) row.override = asStored(override);
  if (hot !== null) row.hot = asStored(hot);
  if (lateLearned !== undefined && lateLearned === row.late?.samples) row.late = null;
  if (cold !== null) {
    row.cold = asStored(cold.state);
    row.patterns = asStored(cold.patterns);
    row.coldSavedAt = now;
  }
}

/** Whether a phase has lasted too long is asked anew at each look. */
function withoutVerdict({ name, since, isOurs }: PhaseNow): PhaseNow {
  return { name, since, isOurs };
}

function noteBoot({ boots }: PoolRow, boot: Boot): void {
  const key = `${boot.machineId} ${boot.askedAt}`;
  const known = boots.get(key);
  if (known === undefined || isBetterEvidence(boot.evidence, known.evidence)) boots.set(key, asStored(boot));
}

function retire(row: PoolRow | undefined, now: Instant): void {
  if (row === undefined) return;
  row.retiredAt = now;
  row.lookedAt = now;
  row.machines = [];
  if (row.spending !== null) noteSpending(row, now);
}

function historyRow({ lease, now }: OpenTick, poolTick: PoolTick): HistoryRow {
  const { pool, mode, policy, decision, record, predictions, model, confidence } = poolTick;
  const said = { pool, mode, policy, decision, record, predictions, model, confidence };
  return { ...asStored(said), slot: lease.slot, attempt: lease.attempt, decidedAt: now };
}

function closeTick(
  database: MemoryDatabase,
  { lease, outcomes, findings = [], summary, now }: CloseTick,
): void {
  requireFence(database, lease);
  for (const { pool, proxy, noRoom } of findings) {
    const row = livePool(database, pool);
    if (row !== undefined) Object.assign(row, { flyProxy: proxy, noRoom: asStored(noRoom) });
  }
  for (const intent of closeIntents(database, lease, outcomes, now))
    noteOwnChange(registerPool(database, intent.pool), intent);
  for (const row of database.pools.values())
    if (row.pool.app === lease.app && row.spending !== null) noteSpending(row, now);
  const tick = database.ticks.get(tickKey(lease));
  if (tick) Object.assign(tick, { closedAt: now, summary: asStored(summary) });
  for (const [key, { slot, app }] of database.unreached)
    if (app === lease.app && slot <= lease.slot) database.unreached.delete(key);
  const row = database.leases.get(lease.app)!;
  row.closedSlot = lease.slot;
  giveUp(row);
}

function tickKey({ app, slot, attempt }: Lease): string {
  return `${app} ${new Date(slot).toISOString()} attempt ${attempt}`;
}

function asStored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
