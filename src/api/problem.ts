/**
 * Every refusal is an application/problem+json answer (RFC 9457): a stable type, what was wrong, and what to do.
 * Handlers throw a Problem; the composition (call.ts) turns it into the answer. The type decides the status, so that a
 * caller may go by either, and the description of the endpoints (openapi.ts) cannot say anything else.
 */

/** Each type with its status and what it means, in the words of the description. */
export const PROBLEMS = {
  "bad-request": { status: 400, means: "the request is not as it should be; all faults are listed" },
  unauthorized: { status: 401, means: "no token, or one that is unknown, expired or revoked" },
  forbidden: { status: 403, means: "the token lacks the scope, or is not for the app" },
  "not-found": { status: 404, means: "there is nothing here, or not for this token" },
  "method-not-allowed": { status: 405, means: "the path is right, the method is not; see Allow" },
  "too-slow": { status: 408, means: "the body did not arrive in time" },
  busy: { status: 409, means: "another tick is at work; see Retry-After" },
  "still-running": {
    status: 409,
    means: "a request with this Idempotency-Key is at work; see Retry-After",
  },
  "payload-too-large": { status: 413, means: "the body is too large; send it in parts" },
  "unsupported-media-type": {
    status: 415,
    means: "the body's type or encoding is not one that is read here",
  },
  "nothing-stored": { status: 422, means: "no sample could be stored; each says why" },
  "key-reused": { status: 422, means: "the Idempotency-Key was used with another request" },
  "rate-limited": { status: 429, means: "too many requests; see Retry-After" },
  configuration: { status: 500, means: "the function's variables are missing or wrong; they are named" },
  internal: { status: 500, means: "a failure on our side; the log holds it under the request id" },
  "tick-failed": { status: 503, means: "no app could be worked on; each says why" },
  "not-ready": { status: 503, means: "something that is needed is away; each dependency says how it is" },
  unavailable: { status: 503, means: "the books cannot be reached now; see Retry-After" },
} as const;
export type ProblemType = keyof typeof PROBLEMS;

type More = { readonly more?: Record<string, unknown>; readonly headers?: Record<string, string> };

export class Problem extends Error {
  override readonly name = "Problem";
  readonly type: ProblemType;
  readonly status: number;
  readonly more: Record<string, unknown>;
  readonly headers: Record<string, string>;

  /** `detail` says what is wrong and what to do next; `more` are further members of the answer. */
  constructor(type: ProblemType, detail: string, { more = {}, headers = {} }: More = {}) {
    super(detail);
    this.type = type;
    this.status = PROBLEMS[type].status;
    this.more = more;
    this.headers = headers;
  }
}

/** The members of the answer. */
export function problemBody({ type, status, message, more }: Problem, requestId: string) {
  const title = type.replaceAll("-", " ");
  return {
    type: `urn:flyahead:problem:${type}`,
    title: title[0]!.toUpperCase() + title.slice(1),
    status,
    detail: message,
    requestId,
    ...more,
  };
}
