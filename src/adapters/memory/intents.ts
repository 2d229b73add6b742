/**
 * Intents: what was to be done, one row per action, closed once. Done, alreadyDone, refused and failed close it; unknown
 * leaves it open with what was seen, so that the next tick looks again.
 *
 * The trap: answers may come twice, from the tick that acted and from the one that looked later. The first that closed
 * the intent stands; the later one changes neither it nor the books.
 */

import type { Action } from "../../core/actions.ts";
import type { MachineState } from "../../core/fleet.ts";
import { poolName } from "../../core/fleet.ts";
import type { Phase, PhaseNow } from "../../core/phase.ts";
import type { Instant } from "../../core/time.ts";
import type { Intent, KnownMachine, Lease, OpenTick, Outcome, PoolTick } from "../../ports.ts";
import { type IntentRow, type MemoryDatabase, type PoolRow, registerPool } from "./database.ts";

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
    if (action.kind === "stop" && action.because === "stuck")
      registerPool(database, pool).replacements.push(row);
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
export function noteOwnChange(pool: PoolRow, { action, outcome, closedAt, openedAt }: IntentRow): void {
  if (outcome === null || closedAt === null || !hasHappened(outcome)) return;
  const machineId = outcome.machineId ?? (action.kind === "create" ? null : action.machineId);
  if (machineId === null) return;
  const others = pool.machines.filter((machine) => machine.id !== machineId);
  if (action.kind === "destroy") {
    pool.machines = others;
    return;
  }
  const known = pool.machines.find((machine) => machine.id === machineId) ?? null;
  const told = asLeft(known, machineId, action.kind, outcome.status, closedAt, openedAt);
  if (told !== null) pool.machines = [...others, told];
}

const LEFT: Readonly<Partial<Record<Action["kind"], { state: MachineState; phase: Phase }>>> = {
  start: { state: "started", phase: "starting" },
  create: { state: "started", phase: "creating" },
  stop: { state: "stopped", phase: "stopping" },
  suspend: { state: "suspended", phase: "stopping" },
};

/** A boot begins when it was asked for, draining when it was done; a cordon that was there before is somebody else's. */
function asLeft(
  known: KnownMachine | null,
  id: string,
  kind: Action["kind"],
  status: Outcome["status"],
  closedAt: Instant,
  openedAt: Instant,
): KnownMachine | null {
  const left = LEFT[kind];
  if (left !== undefined) {
    const phase = { name: left.phase, since: openedAt, isOurs: known?.phase?.isOurs ?? false };
    const isTold = known?.phase !== undefined || kind === "create";
    return { id, state: left.state, seenAt: closedAt, ...(isTold && { phase }) };
  }
  if (known === null || (kind === "cordon" && status !== "done")) return known;
  if (kind === "cordon") return { ...known, phase: { name: "draining", since: closedAt, isOurs: true } };
  if (known.phase === undefined) return known;
  const wasDraining = known.phase.name === "draining";
  const phase: PhaseNow = wasDraining
    ? { name: "serving", since: closedAt, isOurs: false }
    : { ...known.phase, isOurs: false };
  return { ...known, phase };
}

function hasHappened({ status }: Outcome): boolean {
  return status === "done" || status === "alreadyDone";
}
