/**
 * A cache within one process. Values go through JSON, as they would on their way to a real one: what comes out is never the
 * object that went in.
 */
import type { Instant } from "../../core/time.ts";
import type { Cache } from "../../ports.ts";

type Entry = { readonly text: string; readonly until: Instant; readonly tags: readonly string[] };

export function createMemoryCache(now: () => Instant): Cache {
  const entries = new Map<string, Entry>();
  let [hits, misses, sets] = [0, 0, 0];
  return {
    async get(key) {
      const entry = entries.get(key);
      if (entry === undefined || now() >= entry.until) {
        entries.delete(key);
        misses += 1;
        return null;
      }
      hits += 1;
      return JSON.parse(entry.text);
    },
    async set(key, value, { ttlMs, tags = [] }) {
      sets += 1;
      entries.set(key, { text: JSON.stringify(value), until: now() + ttlMs, tags });
    },
    async invalidate(tag) {
      for (const [key, { tags }] of entries) if (tags.includes(tag)) entries.delete(key);
    },
    stats: () => ({ hits, misses, sets, failures: 0 }),
  };
}
