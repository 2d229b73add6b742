/**
 * Every refusal is an application/problem+json answer (RFC 9457): a stable type, what was wrong, and what to do.
 * Handlers throw a Problem; `serve` turns it into the answer.
 */
export type ProblemType =
  | "bad-request"
  | "busy"
  | "configuration"
  | "forbidden"
  | "internal"
  | "method-not-allowed"
  | "nothing-stored"
  | "payload-too-large"
  | "rate-limited"
  | "tick-failed"
  | "unauthorized"
  | "unsupported-media-type";

export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly type: ProblemType;
  readonly more: Record<string, unknown>;
  readonly headers: Record<string, string>;

  /** `detail` says what is wrong and what to do next; `more` are further members of the answer. */
  constructor(
    status: number,
    type: ProblemType,
    detail: string,
    { more = {}, headers = {} }: { more?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.type = type;
    this.more = more;
    this.headers = headers;
  }
}

export function problemAnswer(problem: Problem, requestId: string): Response {
  const title = problem.type.replaceAll("-", " ");
  const body = {
    type: `urn:flyahead:problem:${problem.type}`,
    title: title[0]!.toUpperCase() + title.slice(1),
    status: problem.status,
    detail: problem.message,
    requestId,
    ...problem.more,
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "x-request-id": requestId, ...problem.headers },
  });
}
