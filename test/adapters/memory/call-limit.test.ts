import { createMemoryCallLimit } from "../../../src/adapters/memory/call-limit.ts";
import { describeCallLimit } from "../../contracts/call-limit.ts";

describeCallLimit("memory", async () => {
  let now = 0;
  return {
    limit: createMemoryCallLimit(() => now),
    setNow: (instant) => {
      now = instant;
    },
  };
});
