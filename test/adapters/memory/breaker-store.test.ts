import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import type { Breaker } from "../../../src/core/breaker/breaker.ts";
import { describeBreakerStore } from "../../contracts/breaker-store.ts";

describeBreakerStore("memory", async () => {
  const store = createMemoryBreakerStore(Date.now);
  return {
    store,
    others: [store, store],
    spoil: async (name) =>
      void (await store.save([{ name, version: 50, breaker: { mode: "?" } as unknown as Breaker }])),
  };
});
