import { createMemoryCache } from "../../../src/adapters/memory/cache.ts";
import { describeCache } from "../../contracts/cache.ts";

describeCache("memory", async () => ({ cache: createMemoryCache(Date.now) }));
