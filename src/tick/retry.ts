/**
 * Which of Fly's refusals are worth another call within the same tick, and after how long. Everything else waits for the
 * next tick, which sees Fly afresh. The retries of a wave share one budget: where all of Fly fails, it is not asked three times
 * as often.
 */
import { jitteredPauseMs } from "../core/retry.ts";
import { SECOND_MS } from "../core/time.ts";
import type { MachineApiError } from "../errors.ts";

const TRIES = 3;
const PAUSE = { baseMs: SECOND_MS, capMs: 10 * SECOND_MS };
/** A breaker that stays open longer is for the next tick. */
const LONGEST_HELD_MS = 10 * SECOND_MS;
/** Of a wave of calls. */
export const WAVE_BUDGET = { share: 0.5, most: 10 };

/**
 * @param attempt counts from 1
 * @param chance in [0, 1)
 * @returns ms to wait before the next try, or null: it would not help, or was tried often enough
 */
export function pauseBeforeRetry(error: MachineApiError, attempt: number, chance: number): number | null {
  if (attempt >= TRIES) return null;
  switch (error.kind) {
    case "rateLimited":
      return error.retryAfterMs ?? jitteredPauseMs(attempt, chance, PAUSE);
    case "heldBack":
      return error.retryAfterMs !== null && error.retryAfterMs <= LONGEST_HELD_MS ? error.retryAfterMs : null;
    case "transient":
    case "ambiguous":
    case "nameTaken": // it exists, but the list does not show it yet
      return jitteredPauseMs(attempt, chance, PAUSE);
    default:
      return null;
  }
}
