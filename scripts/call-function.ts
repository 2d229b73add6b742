/**
 * One POST to a function of a running stack. What the function says, also a refusal, is an answer; that nobody answers
 * is an UnreachableError, which a sender in the middle of a long run may wait out.
 */
import { causeOf, type RunningStack } from "./running-stack.ts";
import { UserError } from "./user-error.ts";

export type FunctionAnswer = {
  readonly status: number;
  /** Seconds that the function asks to wait; null where it does not say. */
  readonly retryAfterSeconds: number | null;
  /** Parsed JSON; the text where it was none. */
  readonly body: unknown;
};

export class UnreachableError extends UserError {
  override readonly name = "UnreachableError";
}

/** Longer than any function may run. */
const TIMEOUT_MS = 160_000;

/** @throws UnreachableError where no answer came. */
export async function callFunction(
  { functionsUrl, token }: RunningStack,
  slug: string,
  body: unknown,
): Promise<FunctionAnswer> {
  const url = `${functionsUrl}/${slug}`;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    const retryAfter = Number(answer.headers.get("retry-after") ?? Number.NaN);
    return {
      status: answer.status,
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
      body: parsed(text),
    };
  } catch (error) {
    throw new UnreachableError(
      `Cannot reach ${url}: ${causeOf(error)}. Is the stack up, and is the URL that of its functions?`,
    );
  }
}

/** A refusal in one line, or a few where the function lists faults: "401: This token is unknown…". */
export function refusalText({ status, body }: FunctionAnswer): string {
  if (typeof body !== "object" || body === null) return `${status}: ${String(body).slice(0, 300)}`;
  const { detail, message, faults, requestId } = body as Record<string, unknown>;
  const why = detail ?? message ?? JSON.stringify(body).slice(0, 300);
  const lines = Array.isArray(faults) ? faults.map((fault) => `\n  ${fault}`).join("") : "";
  return `${status}: ${why}${requestId === undefined ? "" : ` (request ${requestId})`}${lines}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
