/**
 * When the cold part of a pool's state is saved. It is forty times the journal that follows it, so saving it hourly keeps a
 * tick's writes small; what is learned into it is read in the same ticks.
 */
import { HOUR_MS, type Instant } from "../core/time.ts";

const SAVED_EVERY_MS = HOUR_MS;

/** A clock that went back must not keep it from being saved until it has caught up. */
export function isCheckpointDue(savedAt: Instant | null, now: Instant): boolean {
  return savedAt === null || now < savedAt || now - savedAt >= SAVED_EVERY_MS;
}
