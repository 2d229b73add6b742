/**
 * Step 2 and the end of step 10: an app is worked on only by who holds its lease. The lock in Redis comes first, since it
 * turns a second caller away cheaply; it may be away or wrong. The lease in Postgres comes always and decides.
 *
 * Closing the tick gives the lease up. Work that throws gives it up here, with the slot left open, so that the next call
 * can try again at once and need not wait until the lease runs out.
 */
import type { Instant } from "../core/time.ts";
import { messageOf } from "../errors.ts";
import type { Lease, TickPorts } from "../ports.ts";
import type { TickSettings } from "./settings.ts";

export type LockState = "acquired" | "unavailable";
export type NotHeld =
  | { readonly status: "closed" }
  | { readonly status: "busy"; readonly retryAfterMs: number };

export async function withLease<T>(
  app: string,
  slot: Instant,
  { leaseTtlMs }: TickSettings,
  ports: TickPorts,
  work: (lease: Lease, locked: LockState) => Promise<T>,
): Promise<T | NotHeld> {
  const { lock, leases } = ports;
  const key = `flyahead:tick:${app}`;
  const token = ports.newToken();
  const locked = await lock.acquire(key, token, leaseTtlMs);
  // Most ticks last seconds, not as long as the lock may: ask again soon.
  if (locked === "held") return { status: "busy", retryAfterMs: leaseTtlMs / 10 };
  try {
    const answer = await leases.acquire(app, slot, leaseTtlMs);
    if (answer.status !== "held") return answer;
    try {
      return await work(answer.lease, locked);
    } catch (error) {
      await giveUp(answer.lease, ports);
      throw error;
    }
  } finally {
    // Also where no answer came: the lock may have been taken all the same, and only its own token releases it.
    await lock.release(key, token);
  }
}

async function giveUp(lease: Lease, { leases, log }: TickPorts): Promise<void> {
  try {
    await leases.release(lease);
  } catch (error) {
    log("release lease", { app: lease.app, error: messageOf(error) });
  }
}
