import { describe, expect, test } from "vitest";
import type { Machine } from "../../src/core/fleet.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL, started } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";

const request = (apps: readonly string[], slot = NOW) => ({ slot, mode: "act", apps }) as const;
const statuses = ({ apps }: Awaited<ReturnType<typeof runTick>>) =>
  Object.fromEntries(apps.map(({ app, status }) => [app, status]));

async function growing(): Promise<Scene> {
  const scene = memoryScene({ shop: [machine("m0"), machine("m1", { state: "stopped" })] }, NOW - CADENCE_MS);
  await runTick({ ...request(["shop"], NOW - CADENCE_MS), mode: "observe" }, SETTINGS, scene.ports);
  scene.ports.history.setPool(POOL, { mode: "act", policy: { unservedPrice: 2, maxWorkers: 3 } });
  scene.ports.clock.set(NOW);
  await scene.feed(60, 180);
  return scene;
}

describe("one app", () => {
  test("is decided, acted on, written down and told", async () => {
    const scene = await growing();
    const { apps } = await runTick(request(["shop"]), SETTINGS, scene.ports);
    expect(apps).toMatchObject([
      {
        app: "shop",
        status: "done",
        attempt: 1,
        lock: "acquired",
        pools: [
          {
            pool: POOL,
            kind: "grow",
            from: 1,
            to: 2,
            actions: [{ kind: "start", machineId: "m1", outcome: { status: "done" } }],
          },
        ],
      },
    ]);
    expect(scene.ports.history.intents()).toMatchObject([{ outcome: { status: "done" } }]);
    expect(scene.ports.history.ticks().at(-1)).toMatchObject({
      closedAt: NOW,
      summary: { lock: "acquired", deadlineReached: false },
    });
    expect(scene.ports.notifier.heartbeats()).toBe(2);
    expect(statuses(await runTick(request(["shop"]), SETTINGS, scene.ports))).toEqual({ shop: "closed" });
    expect(scene.ports.notifier.heartbeats(), "nothing was done").toBe(2);
  });

  test("in mode advise moves nothing and promises nothing", async () => {
    const scene = await growing();
    const { apps } = await runTick({ ...request(["shop"]), mode: "advise" }, SETTINGS, scene.ports);
    expect(apps).toMatchObject([
      { pools: [{ mode: "advise", kind: "grow", actions: [{ kind: "start", outcome: null }] }] },
    ]);
    expect(scene.ports.history.intents()).toEqual([]);
    expect(scene.calls.filter((call) => call.startsWith("start"))).toEqual([]);
  });

  test("nothing moves where the intent could not be written, and the slot stays open", async () => {
    const scene = await growing();
    const history = { ...scene.ports.history, openTick: () => Promise.reject(new Error("disk full")) };
    const failed = await runTick(request(["shop"]), SETTINGS, { ...scene.ports, history });
    expect(failed.apps).toEqual([
      {
        app: "shop",
        status: "failed",
        error: expect.stringMatching(/^The books in Postgres could not be read or written/),
      },
    ]);
    expect(scene.calls.filter((call) => call.startsWith("start"))).toEqual([]);
    expect(scene.log.at(-1)).toEqual({ step: "tick", facts: { app: "shop", slot: NOW, error: "disk full" } });
    const again = await runTick(request(["shop"]), SETTINGS, scene.ports);
    expect(again.apps).toMatchObject([{ status: "done", attempt: 2 }]);
  });

  test("a create that may not be listed yet is not created again by the next attempt", async () => {
    const scene = await growing();
    scene.ports.history.setPool(POOL, {
      mode: "act",
      policy: { unservedPrice: 2, minWorkers: 3, maxWorkers: 3 },
    });
    const list = scene.ports.machineApi.list;
    const before = await list("shop");
    const history = { ...scene.ports.history, closeTick: () => Promise.reject(new Error("reset")) };
    await runTick(request(["shop"]), SETTINGS, { ...scene.ports, history });
    expect(await list("shop")).toHaveLength(3);
    const lagging = {
      ...scene.ports.machineApi,
      list: async () => (await list("shop")).filter(({ id }) => before.some((old) => old.id === id)),
    };
    const { apps } = await runTick(request(["shop"]), SETTINGS, { ...scene.ports, machineApi: lagging });
    expect(apps).toMatchObject([{ status: "done", attempt: 2, pools: [{ kind: "hold", from: 2, to: 2 }] }]);
    scene.ports.clock.set(NOW + CADENCE_MS);
    await scene.feed(15, 180);
    await runTick(request(["shop"], NOW + CADENCE_MS), SETTINGS, scene.ports);
    expect(await list("shop"), "never more than the maximum").toHaveLength(3);
    expect(scene.ports.history.intents().every(({ closedAt }) => closedAt !== null)).toBe(true);
    expect(
      scene.database.pools.get("shop/web@fra")?.override,
      "nor is it taken for a person's doing",
    ).toBeNull();
  });
});

describe("several apps", () => {
  const two = () => memoryScene({ blog: [machine("b")], shop: started(1), wiki: [machine("w")] });

  test("whatever fails in one stays in it", async () => {
    const scene = two();
    const recall = scene.ports.history.recall;
    const history = {
      ...scene.ports.history,
      recall: (app: string, now: number) =>
        app === "shop" ? Promise.reject(new Error("no")) : recall(app, now),
    };
    const summary = await runTick(request(["blog", "shop", "wiki"]), SETTINGS, { ...scene.ports, history });
    expect(statuses(summary)).toEqual({ blog: "done", shop: "failed", wiki: "done" });
  });

  test("the deadline: what was not reached is told, written down, and done when called again", async () => {
    const scene = two();
    const { clock, machineApi } = scene.ports;
    const slow = {
      ...machineApi,
      list: (app: string) => clock.sleep(60_000).then(() => machineApi.list(app)),
    };
    const settings = { ...SETTINGS, concurrency: 1 };
    const apps = ["blog", "shop", "wiki"];
    const first = await runTick(request(apps), settings, { ...scene.ports, machineApi: slow });
    expect(statuses(first)).toEqual({ blog: "done", shop: "done", wiki: "unreached" });
    expect(scene.ports.history.unreached()).toEqual([{ slot: NOW, app: "wiki" }]);
    expect(statuses(await runTick(request(apps), settings, scene.ports))).toEqual({
      blog: "closed",
      shop: "closed",
      wiki: "done",
    });
    expect(scene.ports.history.unreached()).toEqual([]);
  });

  test("the answer survives books that cannot note what was not reached", async () => {
    const scene = two();
    const history = { ...scene.ports.history, recordUnreached: () => Promise.reject(new Error("gone")) };
    const summary = await runTick(
      request(["blog"]),
      { ...SETTINGS, deadlineMs: 0 },
      { ...scene.ports, history },
    );
    expect(statuses(summary)).toEqual({ blog: "unreached" });
    expect(scene.log).toHaveLength(1);
  });
});

test("the order of the pools and of their machines changes nothing", async () => {
  const regions = ["syd", "fra", "iad", "ams"];
  const machines = regions.flatMap((region, r) =>
    Array.from({ length: 5 }, (_, i) =>
      machine(`${region}${i}`, { region, state: i > r ? "stopped" : "started", createdAt: NOW - i }),
    ),
  );
  const decided = async (list: readonly Machine[]) => {
    const scene = memoryScene({ shop: list });
    for (const region of regions)
      scene.ports.history.setPool({ ...POOL, region }, { policy: { minWorkers: 3, maxWorkers: 3 } });
    const { apps } = await runTick({ slot: NOW, mode: "advise", apps: ["shop"] }, SETTINGS, scene.ports);
    if (apps[0]?.status !== "done") throw new Error("expected the tick to be done");
    return apps[0].pools.toSorted((a, b) => (a.pool.region < b.pool.region ? -1 : 1));
  };
  const first = await decided(machines);
  expect(first.map(({ kind }) => kind)).toEqual(["hold", "grow", "hold", "grow"]);
  expect(await decided(machines.toReversed())).toEqual(first);
});
