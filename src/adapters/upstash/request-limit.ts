/**
 * Requests per caller in a sliding minute: the last minute's count, weighted by how much of it is still in sight, and
 * this minute's.
 *
 * A question costs five commands, and almost every caller is far from its limit. So the first tenth of a minute's requests
 * is counted in this isolate alone and costs nothing; the next one counts them all. A caller that an edge of ten isolates
 * serves still gets no more than twice its limit.
 *
 * It fails open: a caller is let by when Redis is away, for the limit protects against haste, not against intruders.
 * The trap: the library hides that case, as a success with a limit of 0.
 */
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis";
import { floorTo, type Instant, MINUTE_MS } from "../../core/time.ts";
import type { Log, RequestLimit } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

const TIMEOUT_MS = 1_000;
/** Of the limit, per isolate and minute. */
const FREE_SHARE = 0.1;

/**
 * While Redis is away the answer is {allowed: true, remaining: limit, resetAt: 0}.
 * @param options.prefix of the keys in Redis
 */
export function createUpstashRequestLimit(options: {
  readonly redis: Redis;
  readonly requestsPerMinute: number;
  readonly prefix: string;
  /** Real time: Redis lives in it. */
  readonly now: () => Instant;
  readonly log: Log;
}): RequestLimit {
  const { redis, requestsPerMinute, prefix, now, log } = options;
  const free = Math.floor(requestsPerMinute * FREE_SHARE);
  /** Requests of this minute by key. */
  let unasked = { minute: 0, by: new Map<string, number>() };
  const ratelimit = new Ratelimit({
    redis,
    limiter: Ratelimit.slidingWindow(requestsPerMinute, "1 m"),
    prefix,
    analytics: false,
    ephemeralCache: false,
    timeout: TIMEOUT_MS,
  });

  function letBy(why: string) {
    log("request limit unavailable", { why });
    return { allowed: true, limit: requestsPerMinute, remaining: requestsPerMinute, resetAt: 0 };
  }

  /** How many requests of this key Redis is to be told of now; 0: this one is free. */
  function toCount(key: string, minute: Instant): number {
    if (unasked.minute !== minute) unasked = { minute, by: new Map() };
    const before = unasked.by.get(key) ?? 0;
    unasked.by.set(key, before + 1);
    if (before < free) return 0;
    return before === free ? free + 1 : 1;
  }

  return {
    async take(key) {
      const minute = floorTo(now(), MINUTE_MS);
      const rate = toCount(key, minute);
      if (rate === 0) {
        const remaining = requestsPerMinute - (unasked.by.get(key) ?? 0);
        return { allowed: true, limit: requestsPerMinute, remaining, resetAt: minute + MINUTE_MS };
      }
      try {
        const { success, limit, remaining, reset, reason } = await ratelimit.limit(key, { rate });
        if (reason === "timeout") return letBy("no answer in time");
        return { allowed: success, limit, remaining, resetAt: reset };
      } catch (error) {
        return letBy(describeRedisFailure(error));
      }
    },
  };
}
