// A tick in memory, through runTick: what is found out about Fly is decided by, told, written down, and forgotten again.
import { describe, expect, test } from "vitest";
import type { Machine } from "../../src/core/fleet.ts";
import { poolName } from "../../src/core/fleet.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL, started } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";

const POLICY = { quantile: 0.5, cooldownSeconds: 0, stabilisationSeconds: 0 } as const;

async function acting(machines: readonly Machine[], load: number): Promise<Scene> {
  const scene = memoryScene({ shop: machines }, NOW - CADENCE_MS);
  await runTick({ slot: NOW - CADENCE_MS, mode: "observe", apps: ["shop"] }, SETTINGS, scene.ports);
  scene.ports.history.setPool(POOL, { mode: "act", policy: POLICY });
  scene.ports.clock.set(NOW);
  await scene.feed(30, load);
  return scene;
}

async function tick(scene: Scene, slot: number) {
  const summary = await runTick({ slot, mode: "act", apps: ["shop"] }, SETTINGS, scene.ports);
  const [app] = summary.apps;
  if (app?.status !== "done") throw new Error(JSON.stringify(app));
  return app.pools[0]!;
}

async function next(scene: Scene, slot: number, load: number) {
  scene.ports.clock.set(slot);
  await scene.feed(15, load);
  return tick(scene, slot);
}

const books = (scene: Scene) => scene.database.pools.get(poolName(POOL))!;

describe("a region without room", () => {
  test("is remembered, not asked, told, and asked again when its time is over", async () => {
    const scene = await acting(started(1), 350);
    scene.fail("create", ["capacity", "capacity"], { scope: "region" });
    const refused = await tick(scene, NOW);
    expect(
      scene.calls.filter((call) => call.startsWith("create")),
      "two were under way; more were not asked for",
    ).toHaveLength(2);
    const statuses = refused.actions.map(({ outcome }) => outcome?.status);
    expect(statuses.length).toBeGreaterThan(2);
    expect(new Set(statuses)).toEqual(new Set(["refused"]));
    expect(books(scene).noRoom).toMatchObject([{ machineId: null, why: "region" }]);

    scene.calls.length = 0;
    const waiting = await next(scene, NOW + CADENCE_MS, 350);
    expect(waiting).toMatchObject({ kind: "hold", from: 1, to: 1, actions: [] });
    expect(waiting.reason).toMatch(
      /; no room: 1 instead of [45] \(Fly had no room for new machines in fra at 2026-06-17T12:00:\S+; asked again from /,
    );
    expect(scene.calls).toEqual(["list shop"]);
    expect(books(scene).noRoom, "still").toHaveLength(1);

    const again = await next(scene, NOW + 3 * CADENCE_MS, 350);
    expect(again).toMatchObject({ kind: "grow", from: 1 });
    expect(again.to).toBeGreaterThan(3);
    expect(books(scene).noRoom).toEqual([]);
  });

  test("starts what stands there meanwhile", async () => {
    const scene = await acting([...started(1), machine("rest", { state: "stopped" })], 450);
    scene.fail("create", ["capacity", "capacity"], { scope: "region" });
    const { actions } = await tick(scene, NOW);
    const [first, ...rest] = actions.map(({ kind, outcome }) => `${kind} ${outcome?.status}`);
    expect(first).toBe("start done");
    expect(rest.length).toBeGreaterThan(1);
    expect(new Set(rest)).toEqual(new Set(["create refused"]));
    expect((await scene.ports.machineApi.get("shop", "rest")).state).toBe("started");
  });
});

describe("a host without room", () => {
  test("is left alone for a while, and another machine is made", async () => {
    const scene = await acting([...started(1), machine("rest", { state: "stopped" })], 150);
    scene.fail("start", ["capacity"], { scope: "host" });
    await tick(scene, NOW);
    expect(books(scene).noRoom).toMatchObject([{ machineId: "rest", why: "host" }]);
    const then = await next(scene, NOW + CADENCE_MS, 150);
    expect(then.actions).toMatchObject([{ kind: "create", outcome: { status: "done" } }]);
  });
});

describe("a list that could not be read", () => {
  test("leaves what was known", async () => {
    const proxy = { autostop: "stop", autostart: true, minRunning: 0 } as const;
    const scene = await acting(
      started(1).map((one) => ({ ...one, proxy })),
      250,
    );
    scene.fail("create", ["capacity"], { scope: "region" });
    await tick(scene, NOW);
    const { flyProxy, noRoom } = books(scene);
    scene.fail("list", ["auth"]);
    await next(scene, NOW + CADENCE_MS, 250);
    expect(books(scene)).toMatchObject({ flyProxy, noRoom });
    expect([flyProxy === null, noRoom.length]).toEqual([false, 1]);
  });
});

describe("Fly Proxy", () => {
  const proxy = { autostop: "stop", autostart: true, minRunning: 0 } as const;

  test("that would undo decisions is told in each reason, and in the books until it is put right", async () => {
    const scene = await acting(
      started(2).map((one) => ({ ...one, proxy })),
      150,
    );
    const held = await tick(scene, NOW);
    expect(held.reason).toMatch(
      /\. Fly Proxy: it may stop what was started .* on 2 of 2 machines\); set autostop off/,
    );
    expect(books(scene).flyProxy).toMatch(/^Fly Proxy: it may stop/);
    for (const one of started(2)) {
      scene.ports.machineApi.put("shop", { ...one, proxy: { ...proxy, autostop: "off" } });
    }
    const right = await next(scene, NOW + CADENCE_MS, 150);
    expect(right.reason).not.toMatch(/Fly Proxy/);
    expect(books(scene).flyProxy).toBeNull();
  });
});

describe("a blue-green deploy", () => {
  const blue = { release: { id: "r1", version: 1 } };
  const green = { release: { id: "r2", version: 2 }, createdAt: NOW - MINUTE_MS, cordoned: true };

  test("shrinks nothing and creates nothing until the old machines are gone", async () => {
    const old = started(3).map((one) => ({ ...one, ...blue }));
    const scene = await acting([...old, machine("g0", green)], 10);
    const held = await tick(scene, NOW);
    expect(held).toMatchObject({ kind: "hold", from: 3, to: 3, actions: [] });
    expect(held.reason).toMatch(/deploy lock: 3 instead of 1 \(release v2 has 1 new beside 3 old machines\)/);
    const busy = await next(scene, NOW + CADENCE_MS, 900);
    expect(busy).toMatchObject({ kind: "hold", from: 3, to: 3, actions: [] });
  });
});
