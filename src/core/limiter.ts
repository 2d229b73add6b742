/**
 * A token bucket as a pure reducer: it holds at most `burst` tokens, gains `perSecond`, and a call takes one. So a burst
 * passes at once and everything after it at the steady rate, which is how Fly limits us and how we stay below.
 *
 * The trap is a clock that goes back: it must not drain the bucket, nor fill it twice. Time counts from the
 * latest instant at which a token was taken.
 */
import { type Instant, SECOND_MS } from "./time.ts";

export type BucketRule = { readonly perSecond: number; readonly burst: number };
export type Bucket = { readonly tokens: number; readonly at: Instant };

/** Tokens within this of a whole one are one: sums of fractions fall short by a hair. */
const HAIR = 1e-9;

/** @returns the bucket as it is then; waitMs is 0 where a token was taken, else how long until there is one (nothing was taken) */
export function takeToken(
  bucket: Bucket | null,
  { perSecond, burst }: BucketRule,
  now: Instant,
): { readonly bucket: Bucket; readonly waitMs: number } {
  const at = Math.max(now, bucket?.at ?? now);
  const gained = bucket === null ? burst : ((at - bucket.at) / SECOND_MS) * perSecond;
  const tokens = Math.min(burst, (bucket?.tokens ?? 0) + gained);
  if (tokens + HAIR >= 1) return { bucket: { tokens: Math.max(0, tokens - 1), at }, waitMs: 0 };
  return {
    bucket: bucket ?? { tokens, at },
    waitMs: Math.max(1, Math.ceil(((1 - HAIR - tokens) / perSecond) * SECOND_MS)),
  };
}
