/** The request limit of a caller, with the usual headers (RateLimit-*, draft-ietf-httpapi-ratelimit-headers). */
import { type Instant, SECOND_MS } from "../core/time.ts";
import type { Caller, RequestLimit } from "../ports.ts";
import { Problem } from "./problem.ts";

const WINDOW_SECONDS = 60;

/** @throws Problem 429 with Retry-After where the caller has used up its requests. */
export async function limited(
  requestLimit: RequestLimit,
  caller: Caller,
  now: Instant,
): Promise<Record<string, string>> {
  const { allowed, limit, remaining, resetAt } = await requestLimit.take(caller.tokenId);
  // The limiter lives in real time, the caller may live in a simulated one: a wait is never negative, nor longer than the window.
  const seconds = Math.min(WINDOW_SECONDS, Math.max(1, Math.ceil((resetAt - now) / SECOND_MS)));
  const headers = {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(seconds),
  };
  if (allowed) return headers;
  throw new Problem(
    429,
    "rate-limited",
    `More than ${limit} requests a minute with this token; wait ${seconds} s`,
    {
      headers: { ...headers, "retry-after": String(seconds) },
    },
  );
}
