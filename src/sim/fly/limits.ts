/**
 * Fly's rate limit: a token bucket for each action and each machine, or each app where the call names no machine.
 *
 * One call a second with a burst of three; reading one machine five a second with a burst of ten. Starts of two machines
 * share nothing; two creates of one app do. The trap: a refused call takes no token, so a client that hammers is let
 * in again as soon as the second is over.
 */
export type Rate = { perSecond: number; burst: number };

export type Bucket = { tokens: number; at: number };

export const WRITE_RATE: Rate = { perSecond: 1, burst: 3 };
export const READ_RATE: Rate = { perSecond: 5, burst: 10 };

/** Takes a token at `now` (ms); false when there is none. Changes the bucket named `key`, made full when new. */
export function takeToken(buckets: Map<string, Bucket>, key: string, rate: Rate, now: number): boolean {
  const bucket = buckets.get(key) ?? { tokens: rate.burst, at: now };
  bucket.tokens = Math.min(rate.burst, bucket.tokens + ((now - bucket.at) / 1000) * rate.perSecond);
  bucket.at = now;
  buckets.set(key, bucket);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}
