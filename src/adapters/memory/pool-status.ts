/** Pools as somebody put them there: for tests of what is answered about them. */
import type { PoolDetail, PoolStatuses } from "../../ports.ts";

export function createMemoryPoolStatuses(pools: readonly PoolDetail[]): PoolStatuses {
  const seen = (apps: readonly string[] | null) =>
    pools.filter(({ pool }) => apps === null || apps.includes(pool.app));
  return {
    list: async (apps) =>
      seen(apps).map(({ policy: _policy, forecast: _forecast, decisions: _decisions, ...status }) => status),
    find: async (id, apps, decisions) => {
      const found = seen(apps).find((one) => one.id === id);
      return found === undefined ? null : { ...found, decisions: found.decisions.slice(0, decisions) };
    },
  };
}
