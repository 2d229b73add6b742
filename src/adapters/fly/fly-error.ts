/**
 * The error for a call that failed: what was tried, on what, why it failed, what to do next, and the request's id for
 * Fly's support.
 *
 * The advice hangs on the kind alone, so that a new kind without advice does not compile.
 */
import { SECOND_MS } from "../../core/time.ts";
import { MachineApiError, type MachineApiErrorDetails, type MachineApiErrorKind } from "../../errors.ts";

const NEXT: Record<MachineApiErrorKind, string> = {
  notFound: "it is gone, or the token does not see it: read the app's machines again",
  nameTaken: "an earlier create worked: look the machine up by its name",
  leaseHeld: "somebody, a deploy most likely, holds the machine: leave it for this tick",
  versionMoved: "somebody changed it in the meantime: read it again",
  wrongState: "read the machine again and decide anew",
  capacity: "Fly has no room there: use stopped machines, another region or another size",
  regionClosed: "Fly opens nothing new there any more: move the pool to the region that it names",
  quota: "ask Fly to raise the organisation's limit",
  rateLimited: "wait, then try again",
  auth: "give FLY_API_TOKEN a valid deploy token for the app, as app=token",
  ambiguous: "it may have been done: look before trying again",
  transient: "nothing was changed: try again",
  heldBack: "nothing was sent: ask again later",
  invalid: "the request does not fit Fly's API or this app: do not repeat it as it is",
};

/** @param task in words, as in "start machine 17 of app shop" */
export function failed(
  kind: MachineApiErrorKind,
  { task }: { readonly task: string },
  why: string,
  details: MachineApiErrorDetails = {},
): MachineApiError {
  const { retryAfterMs, requestId } = details;
  const next = retryAfterMs ? `wait ${Math.ceil(retryAfterMs / SECOND_MS)} s; ${NEXT[kind]}` : NEXT[kind];
  const id = requestId ? ` (fly-request-id ${requestId})` : "";
  return new MachineApiError(kind, `Cannot ${task}: ${why}. Next: ${next}${id}`, details);
}
