import { createMemoryIdempotencyKeys } from "../../../src/adapters/memory/idempotency.ts";
import { describeIdempotencyKeys } from "../../contracts/idempotency.ts";

describeIdempotencyKeys("memory", async () => {
  let now = 1_000_000;
  return {
    keys: createMemoryIdempotencyKeys(() => now),
    tokenIds: ["1", "2"],
    elapse: async (ms) => {
      now += ms;
    },
  };
});
