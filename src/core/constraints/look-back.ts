/**
 * How far back the rules look at samples. The tick reads at least so much, and a record keeps no more: a rule that looked
 * further would decide otherwise when it is asked again.
 */
import type { Policy } from "../policy.ts";
import { MINUTE_MS, SECOND_MS } from "../time.ts";

/** Samples have to flow again for so long before stale data is forgotten, or for as long as they may be late. */
const LONGEST_RECOVERY_MS = 15 * MINUTE_MS;
/** Who tolerates silence for longer does not want to be told of gaps. */
const LONGEST_SILENCE_MS = 60 * MINUTE_MS;

type LookedAt = Pick<Policy, "stabilisationSeconds" | "staleSeconds" | "zeroAfterSeconds" | "minWorkers">;

/** Milliseconds before now. */
export function lookBackMs(policy: LookedAt): number {
  return Math.max(loadLookBackMs(policy), policy.staleSeconds * SECOND_MS + (recoveryMs(policy) ?? 0));
}

/** For rules that look at loads: where there are no gaps to look for. */
export function loadLookBackMs(policy: LookedAt): number {
  const zeroMs = policy.minWorkers === 0 ? policy.zeroAfterSeconds * SECOND_MS : 0;
  return Math.max(policy.stabilisationSeconds * SECOND_MS, zeroMs);
}

/** How long samples must flow without a long gap; null where the owner tolerates hours of silence. */
export function recoveryMs({ staleSeconds }: Pick<Policy, "staleSeconds">): number | null {
  const silenceMs = staleSeconds * SECOND_MS;
  return silenceMs > LONGEST_SILENCE_MS ? null : Math.min(silenceMs, LONGEST_RECOVERY_MS);
}
