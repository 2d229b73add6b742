/**
 * Requests per key in a sliding minute, counted as @upstash/ratelimit does: this minute's count, and the last minute's
 * weighted by the share of it that is still in sight. Two numbers a key, instead of every request's time.
 */
import { floorTo, type Instant, MINUTE_MS } from "../../core/time.ts";
import type { RequestLimit } from "../../ports.ts";

/** Callers may be many, and memory is not: the one that was not seen for longest is forgotten first. */
const MOST_KEYS = 10_000;

type Counts = { minute: Instant; current: number; previous: number };

export function createMemoryRequestLimit(requestsPerMinute: number, now: () => Instant): RequestLimit {
  const counts = new Map<string, Counts>();

  function countsAt(key: string, minute: Instant): Counts {
    const known = counts.get(key) ?? { minute, current: 0, previous: 0 };
    if (known.minute === minute) return known;
    const isNext = known.minute === minute - MINUTE_MS;
    return { minute, current: 0, previous: isNext ? known.current : 0 };
  }

  return {
    async take(key) {
      const at = now();
      const minute = floorTo(at, MINUTE_MS);
      const { current, previous } = countsAt(key, minute);
      const used = current + Math.floor(previous * (1 - (at - minute) / MINUTE_MS));
      const allowed = used < requestsPerMinute;
      counts.delete(key);
      if (counts.size >= MOST_KEYS) counts.delete(counts.keys().next().value ?? "");
      counts.set(key, { minute, current: allowed ? current + 1 : current, previous });
      const remaining = allowed ? requestsPerMinute - used - 1 : 0;
      return { allowed, limit: requestsPerMinute, remaining, resetAt: minute + MINUTE_MS };
    },
  };
}
