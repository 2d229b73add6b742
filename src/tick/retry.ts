/**
 * Which of Fly's refusals are worth another call within the same tick, and after how long. Everything else waits for the
 * next tick, which sees Fly afresh.
 */
import type { MachineApiError } from "../errors.ts";

const TRIES = 3;
const PAUSE_MS = 1_000;

/** @returns ms to wait before the next try, or null: it would not help, or was tried often enough. `attempt` counts from 1. */
export function pauseBeforeRetry(error: MachineApiError, attempt: number): number | null {
  if (attempt >= TRIES) return null;
  switch (error.kind) {
    case "rateLimited":
      return error.retryAfterMs ?? PAUSE_MS * attempt;
    case "transient":
    case "ambiguous":
    case "nameTaken": // it exists, but the list does not show it yet
      return PAUSE_MS * attempt;
    default:
      return null;
  }
}
