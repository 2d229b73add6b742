/**
 * Breakers in one hash, a field each: "version|document". One command reads them all; one script saves those that are newer
 * than what is there, so that of two ticks that save at once neither undoes the other.
 *
 * Permits for probes are not given here: Redis may lose what it counted, and come and go (guard/layered-breaker-store.ts).
 */
import type { Redis } from "@upstash/redis";
import { readBreaker, writeBreaker } from "../../core/breaker/codec.ts";
import { DAY_MS } from "../../core/time.ts";
import type { BreakerStates, StoredBreaker } from "../../ports.ts";
import { describeRedisFailure } from "./describe-failure.ts";

/** An installation that does not tick for so long begins anew. */
const KEPT_MS = 30 * DAY_MS;

/** ARGV: time to live, then name, version, document of each. Answers name and value of what was not saved. */
const SAVE = `#!lua flags=allow-key-locking
local names, fresh, newer = {}, {}, {}
for i = 2, #ARGV, 3 do names[#names + 1] = ARGV[i] end
local stored = redis.call("HMGET", KEYS[1], unpack(names))
for i, name in ipairs(names) do
  local version, at = tonumber(ARGV[i * 3]), 0
  if stored[i] then at = tonumber(string.match(stored[i], "^%d+")) or 0 end
  if at >= version then
    newer[#newer + 1] = name
    newer[#newer + 1] = stored[i]
  else
    fresh[#fresh + 1] = name
    fresh[#fresh + 1] = ARGV[i * 3] .. "|" .. ARGV[i * 3 + 1]
  end
end
if #fresh > 0 then
  redis.call("HSET", KEYS[1], unpack(fresh))
  redis.call("PEXPIRE", KEYS[1], ARGV[1])
end
return newer`;

/**
 * Throws where Redis cannot be reached, in words without keys and tokens.
 * @param prefix of the keys in Redis
 */
export function createUpstashBreakerStore(redis: Redis, prefix: string): BreakerStates {
  const run = async <T>(task: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new Error(
        `Cannot ${task} in Redis: ${describeRedisFailure(error)}. Next: Postgres is asked instead`,
      );
    }
  };
  return {
    load: () =>
      run("load breakers", async () => {
        // Without automatic deserialisation the client hands on what Redis said: names and values in turn.
        const found = (await redis.hgetall(prefix)) as unknown as string[];
        return { breakers: inPairs(found), orders: [] };
      }),
    save: (breakers) =>
      run("save breakers", async () => {
        if (breakers.length === 0) return [];
        const given = breakers.flatMap(({ name, version, breaker }) => [
          name,
          String(version),
          JSON.stringify(writeBreaker(breaker)),
        ]);
        const newer = await redis.eval<string[], string[]>(SAVE, [prefix], [String(KEPT_MS), ...given]);
        return inPairs(newer);
      }),
  };
}

function inPairs(flat: readonly string[]): StoredBreaker[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? stored(name, flat[i + 1] ?? "") : []));
}

function stored(name: string, value: string): StoredBreaker[] {
  const bar = value.indexOf("|");
  try {
    const breaker = readBreaker(JSON.parse(value.slice(bar + 1)));
    return breaker === null ? [] : [{ name, version: Number(value.slice(0, bar)), breaker }];
  } catch {
    return [];
  }
}
