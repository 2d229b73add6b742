/**
 * The plan that a pool's last tick left in the cache (tick/publish.ts): each bin that it looked at, where the books keep five
 * horizons. The cache may be away, hold something else, or miss a tick that could not reach it; then there is none.
 */
import { z } from "zod";
import { poolName } from "../core/fleet.ts";
import { type LatestPlan, latestPlansKey } from "../core/latest.ts";
import type { Cache, PoolDetail } from "../ports.ts";
import { poolKey } from "./shapes.ts";

const plans = z.array(
  z.object({
    pool: poolKey,
    slot: z.number(),
    decidedAt: z.number(),
    quantile: z.number(),
    coveredUntil: z.number(),
    plan: z.array(z.object({ at: z.number(), load: z.number().min(0), machines: z.int().min(0) })),
  }),
);
export type CachedPlan = Pick<LatestPlan, "slot" | "decidedAt" | "quantile" | "coveredUntil" | "plan">;

/** null: not there, not readable, or older than the newest decision. */
export async function readLatestPlan(
  cache: Cache,
  { pool, decisions }: Pick<PoolDetail, "pool" | "decisions">,
): Promise<CachedPlan | null> {
  const read = plans.safeParse(await cache.get(latestPlansKey(pool.app)));
  const found = read.data?.find((one) => poolName(one.pool) === poolName(pool));
  const newest = decisions[0]?.slot ?? 0;
  return found === undefined || found.slot < newest ? null : found;
}
