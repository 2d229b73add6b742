/**
 * The few errors that a caller may want to tell apart. Each message says what was tried, on what, why it failed and
 * what to do next; `cause` keeps the original. Nothing here ever holds a token or a whole command.
 */

/** What Fly's answer means for an autoscaler; the kind decides what happens next. */
export const MACHINE_API_ERROR_KINDS = [
  "notFound", // the machine or the app is gone: take it out of the picture
  "nameTaken", // a machine of this name exists: an earlier create did work, look it up
  "leaseHeld", // somebody (a deploy) holds the machine: leave it for this tick
  "versionMoved", // changed by somebody in the meantime: read again
  "wrongState", // the machine cannot do this from where it is: read again
  "capacity", // no room on the host or in the region: the same call will not help
  "quota", // the organisation's limit: a person must ask Fly
  "rateLimited", // too fast: wait for retryAfterMs
  "auth", // token wrong or too narrow: a person must act
  "ambiguous", // the call may have been done: look before trying again
  "transient", // not done, and may work in a moment
  "heldBack", // not sent: our own breaker or limiter kept it; retryAfterMs says when to ask again, if ever
  "invalid", // we sent nonsense: a defect of ours
] as const;
export type MachineApiErrorKind = (typeof MACHINE_API_ERROR_KINDS)[number];

export class MachineApiError extends Error {
  override readonly name = "MachineApiError";
  readonly kind: MachineApiErrorKind;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;

  constructor(
    kind: MachineApiErrorKind,
    message: string,
    details: { retryAfterMs?: number | null; requestId?: string | null; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.requestId = details.requestId ?? null;
  }
}

export function isMachineApiError(error: unknown): error is MachineApiError {
  return error instanceof MachineApiError;
}

/** A call that was not made: a breaker is open, or the limit on our side is used up. Nothing was sent. */
export class HeldBackError extends Error {
  override readonly name = "HeldBackError";
  /** null: it will not help to ask again, a person must act. */
  readonly retryAfterMs: number | null;
  constructor(dependency: string, why: string, retryAfterMs: number | null) {
    const next =
      retryAfterMs === null
        ? "an operator must reset it (docs/operating.md)"
        : `ask again in ${Math.ceil(retryAfterMs / 1_000)} s`;
    super(`Did not call ${dependency}: ${why}. Next: ${next}`);
    this.retryAfterMs = retryAfterMs;
  }
}

export function isHeldBackError(error: unknown): error is HeldBackError {
  return error instanceof HeldBackError;
}

/** A write came with a fence that is no longer the newest: this tick lost its lease and must stop. */
export class StaleFenceError extends Error {
  override readonly name = "StaleFenceError";
  constructor(app: string, fence: number) {
    super(
      `Cannot write for app ${app}: fence ${fence} is no longer held; a newer tick took over, this one stops`,
    );
  }
}

export function isStaleFenceError(error: unknown): error is StaleFenceError {
  return error instanceof StaleFenceError;
}

/** One line for logs and rows. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
