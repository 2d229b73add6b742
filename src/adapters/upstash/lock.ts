/**
 * A lock that saves double work. It guarantees nothing: Redis may lose it or give it twice, and the lease in Postgres
 * decides. So every failure here is an answer.
 *
 * The trap is the lost answer: SET NX sent again after it worked says "taken", and the holder thinks that it lost. With
 * GET in the same command Redis answers who holds it, and one's own token is a success. Release compares and deletes in
 * one script, or a slow holder would free the lock of the next one.
 */
import type { Redis } from "@upstash/redis";
import type { Lock, Log } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

/** Upstash lets scripts with this flag run beside others; all keys are named in KEYS. */
const RELEASE = `#!lua flags=allow-key-locking
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`;

const EXTEND = `#!lua flags=allow-key-locking
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 0`;

/** @param log is told why Redis did not help, in words without keys and tokens */
export function createUpstashLock(redis: Redis, log: Log = () => {}): Lock {
  return {
    async acquire(key, token, ttlMs) {
      try {
        const holder = await redis.set(key, token, { nx: true, get: true, px: ttlMs });
        return holder === null || holder === token ? "acquired" : "held";
      } catch (error) {
        log("lock unavailable", { why: describeRedisFailure(error) });
        return "unavailable";
      }
    },
    async extend(key, token, ttlMs) {
      try {
        const done = await redis.eval<string[], number>(EXTEND, [key], [token, String(ttlMs)]);
        return done === 1 ? "extended" : "lost";
      } catch (error) {
        log("lock not extended", { why: describeRedisFailure(error) });
        return "unavailable";
      }
    },
    async release(key, token) {
      try {
        return (await redis.eval<string[], number>(RELEASE, [key], [token])) === 1;
      } catch (error) {
        log("lock not released", { why: describeRedisFailure(error) });
        return false;
      }
    },
  };
}
