/**
 * Leases of apps, in memory. A row per app: who may act on it, for which slot, as which attempt, until when.
 *
 *   free ──acquire──▶ held ──closeTick──▶ free, the slot and all before it closed for good
 *     ▲                 └──release, expiry──▶ free, the slot open: taken again as the next attempt
 *
 * The fence grows with every acquire and never else; no release or close lowers it. The trap: a slot behind the open
 * one is over as well. Were it taken again, its attempts would start anew and meet rows that they had written before.
 */
import type { Instant } from "../../core/time.ts";
import type { LeaseAnswer, Leases } from "../../ports.ts";
import { holdsLease, type LeaseRow, type MemoryDatabase } from "./database.ts";

/** Leases over the shared database; expiry by the database's `now`. */
export function createMemoryLeases(database: MemoryDatabase): Leases {
  return {
    acquire: async (app, slot, ttlMs) => acquire(database, app, slot, ttlMs),
    isHeld: async (lease) => holdsLease(database, lease),
    release: async (lease) => {
      if (holdsLease(database, lease)) giveUp(database.leases.get(lease.app)!);
    },
  };
}

/** The row is free at once. */
export function giveUp(row: LeaseRow): void {
  row.expiresAt = Number.NEGATIVE_INFINITY;
}

function acquire(database: MemoryDatabase, app: string, slot: Instant, ttlMs: number): LeaseAnswer {
  const now = database.now();
  const row = database.leases.get(app) ?? freshLease();
  if (isOver(row, slot)) return { status: "closed" };
  if (row.expiresAt > now) return { status: "busy", retryAfterMs: row.expiresAt - now };
  row.fence += 1;
  row.attempt = row.slot === slot ? row.attempt + 1 : 1;
  row.slot = slot;
  row.expiresAt = now + ttlMs;
  database.leases.set(app, row);
  return { status: "held", lease: { app, slot, attempt: row.attempt, fence: row.fence } };
}

/** Closed itself, or passed by a slot that was closed or taken after it. */
function isOver({ closedSlot, slot: newest }: LeaseRow, slot: Instant): boolean {
  return (closedSlot !== null && closedSlot >= slot) || (newest !== null && newest > slot);
}

function freshLease(): LeaseRow {
  return { fence: 0, slot: null, attempt: 0, expiresAt: Number.NEGATIVE_INFINITY, closedSlot: null };
}
