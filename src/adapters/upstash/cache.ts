/**
 * A cache in Redis: a value is one key with a time to live; a tag is a set of the keys that carry it.
 *
 *   get 1 command · set 1, and 2 for each tag · invalidate 1, and 2 where there was something
 *
 * The trap is the value that is set while its tag is being forgotten. Only the members that were seen are removed, so a
 * newer value keeps its tag; and every value ends with its time to live in any case.
 */
import type { Redis } from "@upstash/redis";
import type { Cache, Log } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

/** A tag's set outlives its newest value by this. */
const TAG_SLACK_MS = 60_000;

/** @param options.prefix of the keys in Redis */
export function createUpstashCache(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly log: Log;
}): Cache {
  const { redis, prefix, log } = options;
  const keyOf = (key: string) => `${prefix}:${key}`;
  const tagOf = (tag: string) => `${prefix}:tag:${tag}`;
  let [hits, misses, sets, failures] = [0, 0, 0, 0];

  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      failures += 1;
      log("cache unavailable", { what, why: describeRedisFailure(error) });
      return null;
    }
  }

  return {
    async get(key) {
      const text = await attempt("get", () => redis.get<string>(keyOf(key)));
      const value = text === null ? null : parse(text);
      if (value === null) misses += 1;
      else hits += 1;
      return value;
    },
    async set(key, value, { ttlMs, tags = [] }) {
      sets += 1;
      const text = JSON.stringify(value);
      if (tags.length === 0) {
        await attempt("set", () => redis.set(keyOf(key), text, { px: ttlMs }));
        return;
      }
      const together = redis.multi();
      together.set(keyOf(key), text, { px: ttlMs });
      for (const tag of tags) {
        together.sadd(tagOf(tag), keyOf(key));
        together.pexpire(tagOf(tag), ttlMs + TAG_SLACK_MS);
      }
      await attempt("set", () => together.exec());
    },
    async invalidate(tag) {
      await attempt("invalidate", async () => {
        const [first, ...rest] = await redis.smembers<string[]>(tagOf(tag));
        if (first === undefined) return;
        await redis
          .multi()
          .del(first, ...rest)
          .srem(tagOf(tag), first, ...rest)
          .exec();
      });
    },
    stats: () => ({ hits, misses, sets, failures }),
  };
}

/** What is no JSON was not written by us: as good as nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
