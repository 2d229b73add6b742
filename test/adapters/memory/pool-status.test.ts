import { createMemoryPoolStatuses } from "../../../src/adapters/memory/pool-status.ts";
import { describePoolStatuses } from "../../contracts/pool-status.ts";
import { NOW } from "../../core/examples.ts";
import { pastDecision, poolDetail } from "../../support/pool-examples.ts";

describePoolStatuses("memory", async () => ({
  pools: createMemoryPoolStatuses([
    poolDetail(1, "shop", "fra", { decisions: [3, 2, 1].map((ago) => pastDecision(NOW + ago)) }),
    poolDetail(2, "shop", "iad"),
    poolDetail(3, "blog", "fra"),
  ]),
  ids: { shopFra: 1, shopIad: 2, blogFra: 3 },
}));
