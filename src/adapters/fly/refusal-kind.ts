/**
 * What an answer of Fly that is no success means. Its status code alone does not say it: 409 is a taken name, a lease
 * held by a deploy, a version that moved, or a full host. A `status` in the body outranks the text; the text is
 * the last resort, matched by the phrases that Fly is known to use.
 *
 * The trap is 408 and 5xx on a write: the API gave up on the host, the host may have gone on.
 */
import type { CapacityScope, MachineApiErrorKind } from "../../errors.ts";

export type Phase = "read" | "write";

const NAME_TAKEN = /already_exists|unique machine name|already exists with name/i;
const LEASE_HELD = /\blease\b/i;
const VERSION_MOVED =
  /current_version|machine[_ ]version|concurrent update|version (mismatch|conflict|moved|changed)/i;
const REGION_CLOSED = /is deprecated and cannot have new resources/i;
const CAPACITY =
  /no capacity|insufficient_capacity|insufficient (resources|cpus?|memory)|could not reserve resource|could not find a candidate host/i;
const VOLUME_SCOPE = /with existing volume/i;
/** The whole region; everything else that speaks of room speaks of one host. */
const REGION_SCOPE = /no capacity\W*$|insufficient_capacity|could not find a candidate host/i;
const HOLDER = /machine ID (\w+) already exists/i;
const QUOTA = /(machine|resource|app|quota) limit|limit (has been )?reached|\bquota\b/i;

const KIND_OF_CODE: Readonly<Record<string, MachineApiErrorKind>> = {
  name_taken: "nameTaken",
  insufficient_capacity: "capacity",
  volume_placement_capacity: "capacity",
};

/** How a call ended of which it is not known whether it was done. */
export function kindOfSilence(phase: Phase): MachineApiErrorKind {
  return phase === "write" ? "ambiguous" : "transient";
}

/** @param status an HTTP status that is not 2xx */
export function kindOfRefusal(
  status: number,
  refusal: { readonly code: string; readonly text: string },
  phase: Phase,
): MachineApiErrorKind {
  if (status === 408 || status >= 500) return kindOfSilence(phase);
  if (status === 404 || status === 410) return "notFound";
  if (status === 429) return "rateLimited";
  if (status === 401) return "auth";
  return KIND_OF_CODE[refusal.code] ?? kindOfText(status, refusal.text);
}

function kindOfText(status: number, text: string): MachineApiErrorKind {
  if (status === 402 || QUOTA.test(text)) return "quota";
  if (status === 403) return "auth";
  if (REGION_CLOSED.test(text)) return "regionClosed";
  if (CAPACITY.test(text)) return "capacity";
  if (status !== 409 && status !== 412) return "invalid";
  if (status === 409 && NAME_TAKEN.test(text)) return "nameTaken";
  if (status === 409 && LEASE_HELD.test(text)) return "leaseHeld";
  return VERSION_MOVED.test(text) ? "versionMoved" : "wrongState";
}

/** Where there is no room, for a refusal of kind capacity. The code in the body outranks the words. */
export function scopeOfRefusal(refusal: { readonly code: string; readonly text: string }): CapacityScope {
  if (refusal.code === "volume_placement_capacity") return "volume";
  if (refusal.code === "insufficient_capacity") return "region";
  if (VOLUME_SCOPE.test(refusal.text)) return "volume";
  return REGION_SCOPE.test(refusal.text) ? "region" : "host";
}

/** The id of the machine that has the name already, as Fly tells it in words; null where it does not. */
export function holderOfName(text: string): string | null {
  return HOLDER.exec(text)?.[1] ?? null;
}
