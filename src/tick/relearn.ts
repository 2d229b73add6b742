/**
 * Samples that came, or were corrected, after their bin was learned. A forecaster learns in the order of time, so it goes back:
 * to the checkpoint where that is older than they are (an hour at most, learned again in a fraction of a millisecond), or
 * else to nothing, to learn four weeks anew. That takes as long as a hundred ticks of a pool. So it waits until an hour
 * after the first of them came, or a day where they are few: one batch that was held up all day then costs it once.
 *
 * The trap: whoever goes back without samples at hand has forgotten and learned nothing. `knownOf` says both what is carried
 * on and what to go back to; which of them counts is decided when the samples are there.
 */
import { poolName } from "../core/fleet.ts";
import { decodeCheckpoint, decodeState, type StoredState } from "../core/forecast/codec.ts";
import type { ForecastState } from "../core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../core/time.ts";
import type { PoolMemory } from "../ports.ts";

/** So many samples that the checkpoint does not know are few: they change no forecast by much. */
const FEW_SAMPLES = 15;
/** Learning four weeks takes thirty milliseconds of the second that a function may reckon. */
const MOST_REBUILT = 4;

export type GoBack = "checkpoint" | "start";

/** By pool name: who has late samples to learn in this tick, and how far it goes back for them. */
export function whoGoesBack(memories: readonly PoolMemory[], now: Instant): ReadonlyMap<string, GoBack> {
  const found = new Map<string, GoBack>();
  let rebuilt = 0;
  for (const { pool, state, late } of memories) {
    if (state === null || late === undefined) continue;
    if (late.since >= state.cold.through) found.set(poolName(pool), "checkpoint");
    else if (
      now - late.notedAt >= (late.samples > FEW_SAMPLES ? HOUR_MS : DAY_MS) &&
      rebuilt < MOST_REBUILT
    ) {
      found.set(poolName(pool), "start");
      rebuilt += 1;
    }
  }
  return found;
}

/** What the forecaster knew when the last tick left it, and, where it is to go back, what it knows then. */
export type Known = {
  readonly carried: ForecastState | null;
  readonly back: { readonly state: ForecastState | null } | null;
};

/** `isUsable`: whether a state is of the zone and the bins that are wanted now. */
export function knownOf(
  stored: StoredState | null,
  goBack: GoBack | undefined,
  isUsable: (state: ForecastState) => boolean,
): Known {
  const usable = (state: ForecastState | null) => (state !== null && isUsable(state) ? state : null);
  const carried = usable(decodeState(stored));
  if (carried === null || goBack === undefined) return { carried, back: null };
  return { carried, back: { state: goBack === "start" ? null : usable(decodeCheckpoint(stored)) } };
}
