/**
 * When a breaker opens, for how long, and what closes it again. The defaults are made for a caller that comes by every
 * 15 minutes with a handful of calls: few calls must be enough to judge, and an hour of them counts.
 */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time.ts";

export type BreakerRules = {
  /** The last so many calls are judged… */
  readonly windowCalls: number;
  /** …that are no older than this. */
  readonly windowMs: number;
  /** Fewer calls are not judged. */
  readonly minimumCalls: number;
  /** Opens where more than this share of them failed; in (0, 1). */
  readonly failureShare: number;
  /** A call that takes as long is slow. */
  readonly slowMs: number;
  /** Opens where more than this share of them was slow; 1: never. */
  readonly slowShare: number;
  /** The first opening lasts half of this to all of it, each further one in a row twice as long… */
  readonly openMs: number;
  /** …up to this. */
  readonly openCapMs: number;
  /** A Retry-After is obeyed up to here. */
  readonly retryAfterCapMs: number;
  /** So many refusals of our credentials in a row, and a person must act. */
  readonly deniedLimit: number;
  /** Calls that may try a half-open breaker, over all isolates; as many good ones close it. */
  readonly probes: number;
  /** No probe is under way any longer than this. */
  readonly probeTtlMs: number;
};

export const DEFAULT_RULES: BreakerRules = {
  windowCalls: 20,
  windowMs: HOUR_MS,
  minimumCalls: 5,
  failureShare: 0.5,
  slowMs: 5 * SECOND_MS,
  slowShare: 0.8,
  openMs: MINUTE_MS,
  openCapMs: 30 * MINUTE_MS,
  retryAfterCapMs: HOUR_MS,
  deniedLimit: 3,
  probes: 2,
  probeTtlMs: 3 * MINUTE_MS,
};
