import { createMemoryRequestLimit } from "../../../src/adapters/memory/request-limit.ts";
import {
  CONTRACT_REQUESTS_PER_MINUTE,
  CONTRACT_START,
  describeRequestLimit,
} from "../../contracts/request-limit.ts";

describeRequestLimit("memory", async () => {
  let now = CONTRACT_START;
  return {
    limit: createMemoryRequestLimit(CONTRACT_REQUESTS_PER_MINUTE, () => now),
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
});
