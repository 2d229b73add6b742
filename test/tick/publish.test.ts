import { expect, test } from "vitest";
import { type LatestPlan, latestPlansKey } from "../../src/core/latest.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";

const plansIn = async ({ ports }: ReturnType<typeof memoryScene>) =>
  (await ports.cache.get(latestPlansKey("shop"))) as LatestPlan[] | null;

async function ticked() {
  const scene = memoryScene({ shop: [machine("m0"), machine("m1", { region: "syd", state: "stopped" })] });
  await runTick({ slot: NOW, mode: "observe", apps: ["shop"] }, SETTINGS, scene.ports);
  return scene;
}

test("after a tick every pool's forecast and plan can be read, as they were decided", async () => {
  const scene = await ticked();
  expect(await plansIn(scene)).toMatchObject([
    { pool: POOL, forecast: null, plan: [], decision: { kind: "hold" } },
    { pool: { ...POOL, region: "syd" } },
  ]);
  scene.ports.clock.set(NOW + CADENCE_MS);
  await scene.feed(60, 180);
  const request = { slot: NOW + CADENCE_MS, mode: "observe", apps: ["shop"] } as const;
  const { apps } = await runTick(request, SETTINGS, scene.ports);
  const [plan] = (await plansIn(scene))!;
  const [pool] = (apps[0] as { pools?: unknown[] }).pools as { reason: string; to: number }[];
  expect(plan).toMatchObject({
    pool: POOL,
    slot: NOW + CADENCE_MS,
    decidedAt: NOW + CADENCE_MS,
    mode: "observe",
    decision: { reason: pool!.reason, to: pool!.to },
    forecast: { madeAt: NOW + CADENCE_MS, model: expect.any(String), reason: expect.any(String) },
    quantile: 0.999,
  });
  expect(plan!.plan.length).toBeGreaterThan(3);
  for (const { at, load, machines } of plan!.plan) {
    expect(at).toBeGreaterThanOrEqual(NOW);
    expect(load).toBeGreaterThan(0);
    expect(machines).toBeGreaterThanOrEqual(1);
  }
});

test("a plan is gone once two slots were missed", async () => {
  const scene = await ticked();
  scene.ports.clock.set(NOW + 2 * CADENCE_MS - 1);
  expect(await plansIn(scene)).not.toBeNull();
  scene.ports.clock.set(NOW + 2 * CADENCE_MS);
  expect(await plansIn(scene)).toBeNull();
});
