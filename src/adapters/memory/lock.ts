/**
 * The lock within one process. Like the one in Redis it expires by itself, and taking it again with the same token is a
 * success, for that is a repeated request.
 */
import type { Instant } from "../../core/time.ts";
import type { Lock } from "../../ports.ts";

export function createMemoryLock(now: () => Instant): Lock {
  const locks = new Map<string, { token: string; until: Instant }>();

  function holder(key: string): string | null {
    const lock = locks.get(key);
    return lock !== undefined && now() < lock.until ? lock.token : null;
  }

  return {
    async acquire(key, token, ttlMs) {
      const held = holder(key);
      if (held === null) locks.set(key, { token, until: now() + ttlMs });
      return held === null || held === token ? "acquired" : "held";
    },
    async extend(key, token, ttlMs) {
      if (holder(key) !== token) return "lost";
      locks.set(key, { token, until: now() + ttlMs });
      return "extended";
    },
    async release(key, token) {
      return holder(key) === token && locks.delete(key);
    },
  };
}
