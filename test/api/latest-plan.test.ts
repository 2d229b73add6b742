import { describe, expect, test } from "vitest";
import { createMemoryCache } from "../../src/adapters/memory/cache.ts";
import { readLatestPlan } from "../../src/api/latest-plan.ts";
import { statusEndpoints } from "../../src/api/status.ts";
import { poolDetailAnswer } from "../../src/api/status-shapes.ts";
import { latestPlansKey } from "../../src/core/latest.ts";
import { formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";
import { pastDecision, poolDetail } from "../support/pool-examples.ts";

const SLOT = NOW - CADENCE_MS;
const DETAIL = poolDetail(1, POOL.app, POOL.region, { pool: POOL, decisions: [pastDecision(SLOT)] });

async function afterTick() {
  const { ports, feed } = memoryScene({ [POOL.app]: [machine("m1")] });
  await runTick({ slot: SLOT - CADENCE_MS, mode: "observe", apps: [POOL.app] }, SETTINGS, ports);
  await feed(60, 1_400);
  await runTick({ slot: SLOT, mode: "observe", apps: [POOL.app] }, SETTINGS, ports);
  return ports.cache;
}

describe("the plan of a pool", () => {
  test("is the one that its last tick left in the cache, within the pool's bounds", async () => {
    const latest = await readLatestPlan(await afterTick(), DETAIL);
    expect(latest).toMatchObject({ slot: SLOT, quantile: expect.any(Number) });
    const bounded = { ...DETAIL, policy: { ...DETAIL.policy!, maxWorkers: 2 } };
    const { plan } = poolDetailAnswer(bounded, latest);
    expect(plan).toMatchObject({ source: "cache", coveredUntil: formatInstant(latest!.coveredUntil) });
    expect(plan!.bins).toHaveLength(latest!.plan.length);
    expect(latest!.plan.length).toBeGreaterThan(3);
    expect(Math.max(...plan!.bins.map(({ machines }) => machines))).toBe(2);
  });

  test("is made from what was stored where there is none", async () => {
    const { plan } = poolDetailAnswer(DETAIL, null);
    expect(plan).toMatchObject({ source: "books", coveredUntil: null, madeAt: formatInstant(NOW) });
    expect(plan!.bins.map(({ at }) => at)).toEqual(
      DETAIL.forecast!.horizons.map(({ at }) => formatInstant(at)),
    );
  });

  test("is not one that is older than the newest decision: that tick could not reach the cache", async () => {
    const later = { ...DETAIL, decisions: [pastDecision(SLOT + CADENCE_MS)] };
    expect(await readLatestPlan(await afterTick(), later)).toBeNull();
  });

  test.each([null, "[]", 7, [], [{ pool: POOL }], [{ pool: { ...POOL, region: "syd" }, plan: [] }]])(
    "is none where the cache holds %j",
    async (value) => {
      const cache = createMemoryCache(() => NOW);
      if (value !== null) await cache.set(latestPlansKey(POOL.app), value, { ttlMs: MINUTE_MS });
      expect(await readLatestPlan(cache, DETAIL)).toBeNull();
    },
  );
});

test("who asks for no decisions gets none, and the same plan", async () => {
  const cache = await afterTick();
  const asked: number[] = [];
  const find = async (_id: number, _apps: unknown, decisions: number) => {
    asked.push(decisions);
    return DETAIL;
  };
  const endpoints = statusEndpoints({ pools: { list: async () => [], find }, cache, probe: async () => [] });
  const { handle } = endpoints.find(({ route }) => route.path === "/pools/:id")!;
  const caller = { tokenId: "1", scopes: ["read"], apps: null };
  const { body } = await handle({ caller, now: NOW, params: { id: 1 }, query: { decisions: 0 } } as never);
  expect(body).toMatchObject({ decisions: [], plan: { source: "cache" } });
  expect(asked).toEqual([1]);
});
