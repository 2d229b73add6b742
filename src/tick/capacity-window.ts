/**
 * Which samples a tick reads to learn what its machines carry: once an hour, when the state is about to be saved, those of
 * the time of which it is known what served. A pool of which no signal was ever seen is asked for the last minutes only.
 */
import type { CapacityNews } from "../core/capacity/capacity-memory.ts";
import { decodeCapacity } from "../core/capacity/learn-capacity.ts";
import type { Policy } from "../core/policy.ts";
import { floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../core/time.ts";
import type { PoolMemory, SeriesWindow } from "../ports.ts";
import { isCheckpointDue } from "./checkpoint.ts";

const FIRST_LOOK_MS = 15 * MINUTE_MS;
/** A pool whose signals ended is not asked for more and more. */
const MOST_READ_MS = 3 * HOUR_MS;

type Remembered = Pick<PoolMemory, "pool" | "state" | "coldSavedAt">;

/** What the books know; null where the pool is new, or its policy wants nothing learned. */
export function knownCapacity(
  memory: Pick<Remembered, "state"> | null,
  { learnCapacity }: Pick<Policy, "learnCapacity">,
): Pick<CapacityNews, "state" | "watch"> | null {
  if (memory === null || learnCapacity === false) return null;
  const { state } = memory;
  return { state: decodeCapacity(state?.cold.capacity), watch: state?.hot.watch ?? null };
}

/** What is to be asked for beside the pool's series; nothing while the checkpoint is young. */
export function capacityWindow(
  memory: Remembered | null,
  policy: Pick<Policy, "learnCapacity">,
  now: Instant,
  binMs: number,
): Pick<SeriesWindow, "signalsFrom"> {
  const known = knownCapacity(memory, policy);
  if (known === null || memory === null || !isCheckpointDue(memory.pool, memory.coldSavedAt, now)) return {};
  const { state, watch } = known;
  if (watch === null) return { signalsFrom: floorTo(now - FIRST_LOOK_MS, binMs) };
  const servedFrom = watch.spans[0]?.[0] ?? watch.since ?? now;
  const from = Math.max(now - MOST_READ_MS, servedFrom, (state.through ?? 0) + binMs);
  return { signalsFrom: floorTo(Math.min(from, now - binMs), binMs) };
}
