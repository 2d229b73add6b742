/**
 * Token buckets that all isolates share, one hash each: src/core/limiter.ts in Lua. The library that limits what comes in
 * is not used for what goes out, because it reads the clock itself, and in a simulation another one rules.
 *
 * Away, it says "unavailable" and lets its caller decide. The trap: an answer that was lost has taken its token all the same,
 * and the next try takes another; that errs to the safe side.
 */
import type { Redis } from "@upstash/redis";
import type { Instant } from "../../core/time.ts";
import type { CallLimit, Log } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

/** ARGV: now, perSecond, burst. Kept until it would be full anyway. Answers the wait in ms as text: Lua numbers lose their fraction. */
const TAKE = `#!lua flags=allow-key-locking
local held = redis.call("HMGET", KEYS[1], "tokens", "at")
local now, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens, at = burst, now
if held[1] then
  at = math.max(now, tonumber(held[2]))
  tokens = math.min(burst, tonumber(held[1]) + (at - tonumber(held[2])) / 1000 * rate)
end
if tokens + 1e-9 < 1 then
  return string.format("%d", math.max(1, math.ceil((1 - 1e-9 - tokens) / rate * 1000)))
end
redis.call("HSET", KEYS[1], "tokens", string.format("%.9f", math.max(0, tokens - 1)), "at", string.format("%.0f", at))
redis.call("PEXPIRE", KEYS[1], math.ceil(burst / rate * 1000) + 60000)
return "0"`;

/** @param options.prefix of the keys in Redis */
export function createUpstashCallLimit(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly now: () => Instant;
  readonly log: Log;
}): CallLimit {
  const { redis, prefix, now, log } = options;
  return {
    async take(key, { perSecond, burst }) {
      const given = [now(), perSecond, burst].map(String);
      try {
        const waitMs = Number(await redis.eval<string[], string>(TAKE, [`${prefix}:${key}`], given));
        if (Number.isFinite(waitMs)) return { waitMs };
        log("call limit unavailable", { why: "an answer that is no number" });
      } catch (error) {
        log("call limit unavailable", { why: describeRedisFailure(error) });
      }
      return "unavailable";
    },
  };
}
