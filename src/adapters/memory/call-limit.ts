/**
 * Token buckets within one process. While only one process calls (a tick under its app's lease), it is exact. As the
 * stand-in for a limiter that was shared, it starts with empty buckets: what the others took is not known.
 */
import { type Bucket, takeToken } from "../../core/limiter.ts";
import type { Instant } from "../../core/time.ts";
import type { CallLimit } from "../../ports.ts";

export function createMemoryCallLimit(
  now: () => Instant,
  { startEmpty = false }: { readonly startEmpty?: boolean } = {},
): CallLimit {
  const buckets = new Map<string, Bucket>();
  return {
    async take(key, rule) {
      const known = buckets.get(key) ?? (startEmpty ? { tokens: 0, at: now() } : null);
      const { bucket, waitMs } = takeToken(known, rule, now());
      buckets.set(key, bucket);
      return { waitMs };
    },
  };
}
