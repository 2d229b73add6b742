/**
 * Breakers in memory: for tests, and for isolates that keep theirs to themselves. One store handed to several sessions is what
 * Redis is to several isolates; every call is one step, as a script or a statement is there.
 */
import type { Order } from "../../core/breaker/breaker.ts";
import { readBreaker, writeBreaker } from "../../core/breaker/codec.ts";
import type { Instant } from "../../core/time.ts";
import type { BreakerOrder, BreakerStore, StoredBreaker } from "../../ports.ts";

type Probes = { opening: number; taken: number; until: Instant };

/** `order` is the operator's hand. */
export function createMemoryBreakerStore(
  now: () => Instant,
): BreakerStore & { order(name: string, order: Order): void } {
  const breakers = new Map<string, StoredBreaker>();
  const orders = new Map<string, BreakerOrder>();
  const probes = new Map<string, Probes>();
  return {
    load: async () => ({
      breakers: [...breakers.values()].filter(({ breaker }) => readBreaker(writeBreaker(breaker)) !== null),
      orders: [...orders.values()],
    }),
    async save(changed) {
      const newer: StoredBreaker[] = [];
      for (const one of changed) {
        const stored = breakers.get(one.name);
        if (stored !== undefined && stored.version >= one.version) newer.push(stored);
        else breakers.set(one.name, one);
      }
      return newer;
    },
    async takeProbe(name, opening, limit, ttlMs) {
      const known = probes.get(name);
      const current = known !== undefined && now() < known.until ? known : null;
      if (current !== null && current.opening > opening) return false;
      if (current === null || current.opening < opening) {
        probes.set(name, { opening, taken: 1, until: now() + ttlMs });
        return limit > 0;
      }
      if (current.taken >= limit) return false;
      current.taken += 1;
      return true;
    },
    order(name, order) {
      orders.set(name, { name, id: (orders.get(name)?.id ?? 0) + 1, order });
    },
  };
}
