/** The books of what was pulled, in memory. Finishing clears the app's forecast states, as the transaction in Postgres does. */
import type { PullProgress, Pulls } from "../../ports.ts";
import type { MemoryDatabase } from "./database.ts";

export function createMemoryPulls({ pulls, pools }: MemoryDatabase): Pulls {
  const isStill = (before: PullProgress | null, app: string) => {
    const stored = pulls.get(app);
    if (stored === undefined || before === null) return stored === undefined && before === null;
    return (Object.keys(stored) as (keyof PullProgress)[]).every((name) => stored[name] === before[name]);
  };
  return {
    recall: async (app) => pulls.get(app) ?? null,
    async advance(before, after) {
      if (!isStill(before, after.app)) return false;
      pulls.set(after.app, after);
      return true;
    },
    async finish(progress, now) {
      if (!isStill(progress, progress.app)) return false;
      pulls.set(progress.app, { ...progress, finishedAt: now });
      for (const row of pools.values()) {
        if (row.pool.app === progress.app)
          Object.assign(row, { hot: null, cold: null, coldSavedAt: null, late: null });
      }
      return true;
    },
  };
}
