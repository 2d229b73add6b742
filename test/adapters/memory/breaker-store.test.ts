import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import type { Breaker } from "../../../src/core/breaker/breaker.ts";
import { describeBreakerStore, describeProbePermits } from "../../contracts/breaker-store.ts";

const makeHarness = async () => {
  const store = createMemoryBreakerStore(Date.now);
  return {
    store,
    others: [store, store],
    spoil: async (name: string) =>
      void (await store.save([{ name, version: 50, breaker: { mode: "?" } as unknown as Breaker }])),
  };
};
describeBreakerStore("memory", makeHarness);
describeProbePermits("memory", makeHarness);
