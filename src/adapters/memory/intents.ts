/**
 * Intents: what was to be done, one row per action, closed once. Done, alreadyDone, refused and failed close it; unknown
 * leaves it open with what was seen, so that the next tick looks again.
 *
 * The trap: answers may come twice, from the tick that acted and from the one that looked later. The first that closed
 * the intent stands; the later one changes neither it nor the books.
 */

import type { MachineState } from "../../core/fleet.ts";
import { poolName } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import type { Intent, Lease, OpenTick, Outcome, PoolTick } from "../../ports.ts";
import type { IntentRow, MemoryDatabase, PoolRow } from "./database.ts";

type Answered = OpenTick["resolved"];

/** One open row per action, in their order. */
export function openIntents(
  database: MemoryDatabase,
  { pool, actions }: PoolTick,
  openedAt: Instant,
): Intent[] {
  return actions.map((action) => {
    const intent: Intent = { id: `${database.intents.size + 1}`, pool, action, openedAt };
    const row: IntentRow = { ...intent, outcome: null, closedAt: null };
    database.intents.set(row.id, row);
    database.openIntents.set(row.id, row);
    return intent;
  });
}

/** Writes what is known of the app's open intents; answers those that were closed by it. */
export function closeIntents(
  database: MemoryDatabase,
  { app }: Lease,
  answered: Answered,
  now: Instant,
): IntentRow[] {
  const closed: IntentRow[] = [];
  for (const { intentId, outcome } of answered) {
    const row = database.openIntents.get(intentId);
    if (row === undefined || row.pool.app !== app) continue;
    row.outcome = { ...outcome };
    if (outcome.status === "unknown") continue;
    row.closedAt = now;
    database.openIntents.delete(intentId);
    if (hasHappened(outcome)) database.pools.get(poolName(row.pool))!.lastChangeAt = now;
    closed.push(row);
  }
  return closed;
}

/** Our own change in the books, so that the next tick does not take it for a person's. */
export function noteOwnChange(pool: PoolRow, { action, outcome, closedAt }: IntentRow): void {
  if (outcome === null || closedAt === null || !hasHappened(outcome)) return;
  const machineId = outcome.machineId ?? (action.kind === "create" ? null : action.machineId);
  if (machineId === null) return;
  const state: MachineState = action.kind === "stop" ? "stopped" : "started";
  const others = pool.machines.filter((machine) => machine.id !== machineId);
  if (action.kind === "destroy") {
    pool.machines = others;
    return;
  }
  pool.machines = [...others, { id: machineId, state, seenAt: closedAt }];
}

function hasHappened({ status }: Outcome): boolean {
  return status === "done" || status === "alreadyDone";
}
