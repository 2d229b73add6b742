/**
 * A write under an Idempotency-Key is done once: whoever asks again under the same key, because the answer was lost, is
 * told what was answered. Only what was done is kept; a refusal or a failure gives the key free, so that a corrected
 * request may use it.
 *
 * The trap is in the middle: the work is done, and its answer cannot be kept. Then the key runs out by itself and the work
 * may be done again; both writes of flyahead bear that (a closed slot, a sample stored again).
 */
import type { IdempotencyKeys, KeyedRequest } from "../ports.ts";
import { Problem } from "./problem.ts";
import type { Answer } from "./route.ts";

/** As long as a function may live. */
const RUNNING_MS = 150_000;
const KEEP_MS = 24 * 3_600_000;
/** Longer answers are not kept: the table's limit. */
const KEPT_LIMIT_BYTES = 65_536;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws Problem 400 where the header is no key; null where there is none. */
export function keyOf(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || KEY.test(key)) return key;
  throw new Problem("bad-request", "Idempotency-Key is to be 1 to 255 characters of ASCII without spaces");
}

/** @throws Problem 409 while the same request is at work, 422 where the key was used for another one. */
export async function once(
  keys: IdempotencyKeys,
  request: KeyedRequest,
  work: () => Promise<Answer>,
  onLost: (error: unknown) => void,
): Promise<Answer> {
  const claim = await keys.claim(request, RUNNING_MS);
  if (claim.status === "done")
    return { body: JSON.parse(claim.answer), headers: { "idempotency-replayed": "true" } };
  if (claim.status === "otherRequest")
    throw new Problem("key-reused", "This Idempotency-Key was used with another request; take a new one");
  if (claim.status === "running") throw stillRunning(claim.retryAfterMs);
  try {
    const answer = await work();
    const text = JSON.stringify(answer.body);
    const fits = new TextEncoder().encode(text).length <= KEPT_LIMIT_BYTES;
    await (fits ? keys.keep(request, text, KEEP_MS) : keys.release(request)).catch(onLost);
    return answer;
  } catch (error) {
    await keys.release(request).catch(onLost);
    throw error;
  }
}

function stillRunning(retryAfterMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new Problem(
    "still-running",
    `A request with this Idempotency-Key is at work; ask again, at the latest in ${seconds} s`,
    { headers: { "retry-after": String(Math.min(seconds, 10)) } },
  );
}
