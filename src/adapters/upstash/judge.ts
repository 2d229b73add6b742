/**
 * What a failed command says of Redis: it answered and refused (that is an answer), it refused us, it set us a limit, or it did
 * not answer.
 */
import type { Verdict } from "../../core/breaker/breaker.ts";

const DENIED = /Unauthorized|WRONGPASS|NOAUTH|NOPERM/;
const LIMITED = /max (?:daily )?requests? limit|limit exceeded|rate limit/i;

export function judgeRedis(error: unknown): Verdict {
  const refused = error instanceof Error && error.name === "UpstashError";
  if (!refused) return { result: "failure", retryAfterMs: null };
  if (DENIED.test(error.message)) return { result: "denied", retryAfterMs: null };
  return { result: LIMITED.test(error.message) ? "limited" : "ignored", retryAfterMs: null };
}
