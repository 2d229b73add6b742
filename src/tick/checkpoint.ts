/**
 * When the cold part of a pool's state is saved. It is forty times the journal that follows it, so saving it hourly keeps a
 * tick's writes small; what is learned into it is read in the same ticks.
 *
 * Each pool has its own minute of the hour, by its name. The trap is pools that were found together: saved an hour after
 * the last time they would all be saved in the same tick, which then takes twice the CPU of any other.
 */
import { type PoolKey, poolName } from "../core/fleet.ts";
import { fnv1a } from "../core/hash.ts";
import { HOUR_MS, type Instant, MINUTE_MS } from "../core/time.ts";

const SAVED_EVERY_MS = HOUR_MS;

/** A clock that went back must not keep it from being saved until it has caught up. */
export function isCheckpointDue(pool: PoolKey, savedAt: Instant | null, now: Instant): boolean {
  if (savedAt === null || now < savedAt) return true;
  const phaseMs = (fnv1a(poolName(pool)) % (SAVED_EVERY_MS / MINUTE_MS)) * MINUTE_MS;
  const roundOf = (at: Instant) => Math.floor((at - phaseMs) / SAVED_EVERY_MS);
  return roundOf(now) > roundOf(savedAt);
}
