/**
 * Requests per caller in a sliding minute: the last minute's count, weighted by how much of it is still in sight, and
 * this minute's.
 *
 * It fails open: a caller is let by when Redis is away, for the limit protects against haste, not against intruders.
 * The trap: the library hides that case, as a success with a limit of 0.
 */
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis";
import type { Log, RequestLimit } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

const TIMEOUT_MS = 1_000;

/**
 * While Redis is away the answer is {allowed: true, remaining: limit, resetAt: 0}.
 * @param options.prefix of the keys in Redis
 */
export function createUpstashRequestLimit(options: {
  readonly redis: Redis;
  readonly requestsPerMinute: number;
  readonly prefix: string;
  readonly log: Log;
}): RequestLimit {
  const { redis, requestsPerMinute, prefix, log } = options;
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

  return {
    async take(key) {
      try {
        const { success, limit, remaining, reset, reason } = await ratelimit.limit(key);
        if (reason === "timeout") return letBy("no answer in time");
        return { allowed: success, limit, remaining, resetAt: reset };
      } catch (error) {
        return letBy(describeRedisFailure(error));
      }
    },
  };
}
