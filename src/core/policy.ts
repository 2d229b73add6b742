/**
 * The owner's wishes for one pool. Configuration gives the defaults, a pool's row in Postgres outranks them.
 */
import type { Goal } from "./goal.ts";
import type { Rules } from "./rules.ts";
import type { Instant } from "./time.ts";

/** observe records only, advise records and tells, act calls Fly. Ascending in power. */
export const MODES = ["observe", "advise", "act"] as const;
export type Mode = (typeof MODES)[number];

/** The weakest of the wishes: a request, the configuration and the pool may each only lower the mode. */
export function lowestMode(...modes: readonly Mode[]): Mode {
  return MODES[Math.min(...modes.map((mode) => MODES.indexOf(mode)))] ?? "observe";
}

export type Policy = Rules & {
  /** Bounds on started machines. */
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Requests a minute that one machine carries. */
  readonly requestsPerWorker: number;
  /** Whether what was measured may outrank that where it is sure enough; absent: it may. */
  readonly learnCapacity?: boolean;
  /** At most this share of minutes short, in (0, 1); unless a price is set. */
  readonly shortShare: number;
  /** Machine-hours that an unserved machine-hour is worth, above 1; null: the promise above counts. */
  readonly unservedPrice: number | null;
  /** From the decision to a machine that serves. */
  readonly leadSeconds: number;
  /** After a change, so long nothing is shrunk. */
  readonly cooldownSeconds: number;
  /** What was needed within this time is still kept: shrinking follows the recent peak, not the last minute. */
  readonly stabilisationSeconds: number;
  /** Samples older than this are stale: they may raise a pool, never lower it. */
  readonly staleSeconds: number;
  /** How long a machine that a person started or stopped keeps the pool as that person left it. */
  readonly overrideSeconds: number;
  /** IANA zone in which the app's days and weeks repeat. */
  readonly timeZone: string;
  /** A machine that is never stopped (the one with the scheduled jobs), or null. */
  readonly pinnedMachineId: string | null;
  /** Nothing is changed before this instant, or null. */
  readonly frozenUntil: Instant | null;
};

/** The policy's goal: the price where one is set, else the promise. */
export function goalOf({ shortShare, unservedPrice }: Pick<Policy, "shortShare" | "unservedPrice">): Goal {
  return unservedPrice === null ? { kind: "promise", shortShare } : { kind: "price", unservedPrice };
}
