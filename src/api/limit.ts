/** Requests in a minute, with the usual headers (RateLimit-*, draft-ietf-httpapi-ratelimit-headers). */
import { type Instant, SECOND_MS } from "../core/time.ts";
import type { RequestLimit } from "../ports.ts";
import { Problem } from "./problem.ts";

const WINDOW_SECONDS = 60;

/**
 * Takes one request of the key's and answers the headers that say what is left.
 * @param whose for the refusal: "with this token"
 * @throws Problem 429 with Retry-After where the key has used up its requests
 */
export async function limited(
  requestLimit: RequestLimit,
  key: string,
  now: Instant,
  whose: string,
): Promise<Record<string, string>> {
  const { allowed, limit, remaining, resetAt } = await requestLimit.take(key);
  // The limiter lives in real time, the caller may live in a simulated one: a wait is never negative, nor longer than the window.
  const seconds = Math.min(WINDOW_SECONDS, Math.max(1, Math.ceil((resetAt - now) / SECOND_MS)));
  const headers = {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(seconds),
  };
  if (allowed) return headers;
  throw new Problem("rate-limited", `More than ${limit} requests a minute ${whose}; wait ${seconds} s`, {
    headers: { ...headers, "retry-after": String(seconds) },
  });
}
