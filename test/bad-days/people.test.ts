// What people and the platform do between two ticks: machines stopped, started, crashed; regions and apps taken away.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOUR_MS } from "../../src/core/time.ts";
import {
  activeOf,
  changesOf,
  historyOf,
  intentsOf,
  machinesOf,
  overridesOf,
  poolsOf,
  workersOf,
} from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({
    "by-hand-stop": [{ region: "fra", count: 3 }],
    "by-hand-start": [{ region: "fra" }, { region: "fra", count: 2, state: "stopped" }],
    "by-hand-off": [{ region: "fra", count: 3 }],
    crashed: [{ region: "fra" }, { region: "fra", state: "stopped" }],
    "crashed-late": [{ region: "fra", count: 2 }],
    "own-moves": [{ region: "fra", count: 4 }],
    "gone-app": [{ region: "fra", count: 2 }],
    "gone-region": [{ region: "fra" }, { region: "syd" }],
    "gone-machines": [{ region: "fra" }, { region: "nrt" }],
  });
});
afterAll(() => lab.close());

async function prepare(app: string, load: number, wishes = {}): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, ...wishes });
  await slotWith(app, load, 60);
}

async function slotWith(app: string, load: number, minutes = 15): Promise<void> {
  lab.nextSlot();
  await lab.feed(app, minutes, load);
  expect((await lab.tick(app)).body.apps[0].status).toBe("done");
}

const machineIn = (app: string, state: string) =>
  machinesOf(lab.fly, app).find((machine) => machine.state === state)!;

describe("a machine moved by hand", () => {
  test("stopped: seen, written down, respected though the load asks for it, until it expires", async () => {
    const app = "by-hand-stop";
    await prepare(app, 1_400);
    const { id } = machineIn(app, "started");
    lab.fly.person(app, id, "stop");
    const seenFrom = lab.fly.now();
    await slotWith(app, 1_400);
    expect(await overridesOf(lab.sql, app)).toEqual([
      { machine_id: id, what: `machine ${id} was stopped by hand`, workers: 2, until: expect.any(Date) },
    ]);
    expect((await historyOf(lab.sql, app)).at(-1)).toMatchObject({ kind: "hold", to_workers: 2 });
    expect((await historyOf(lab.sql, app)).at(-1)?.reason).toMatch(
      /manual override: 2 instead of 3 .*stopped by hand; respected until/,
    );
    await slotWith(app, 1_400);
    expect(activeOf(lab.fly, app), "still respected").toBe(2);
    const until = (await overridesOf(lab.sql, app))[0]!.until.getTime();
    expect(until - seenFrom).toBeGreaterThan(HOUR_MS);
    while (lab.fly.now() < until) await slotWith(app, 1_400);
    expect(activeOf(lab.fly, app), "expired").toBe(3);
    expect(await overridesOf(lab.sql, app), "and our own start is no override").toHaveLength(1);
  });

  test("started: seen, and kept though nobody needs it, until it expires", async () => {
    const app = "by-hand-start";
    await prepare(app, 10, { override_seconds: 1_800 });
    const { id } = machineIn(app, "stopped");
    lab.fly.person(app, id, "start");
    await slotWith(app, 10);
    expect(await overridesOf(lab.sql, app)).toMatchObject([
      { machine_id: id, what: `machine ${id} was started by hand`, workers: 2 },
    ]);
    expect(activeOf(lab.fly, app)).toBe(2);
    await slotWith(app, 10);
    await slotWith(app, 10);
    await slotWith(app, 10);
    expect(activeOf(lab.fly, app), "expired after half an hour").toBe(1);
  });

  test("is nobody's business where the owner set the respect to 0 s", async () => {
    const app = "by-hand-off";
    await prepare(app, 1_400, { override_seconds: 0 });
    lab.fly.person(app, machineIn(app, "started").id, "stop");
    await slotWith(app, 1_400);
    expect(await overridesOf(lab.sql, app)).toEqual([]);
    expect(activeOf(lab.fly, app)).toBe(3);
  });

  test("by ourselves is no override", async () => {
    const app = "own-moves";
    await prepare(app, 10, { max_workers: 4 });
    expect(activeOf(lab.fly, app)).toBe(1);
    await slotWith(app, 1_900);
    expect(activeOf(lab.fly, app)).toBe(4);
    await slotWith(app, 1_900);
    expect(await overridesOf(lab.sql, app)).toEqual([]);
  });
});

describe("a crash is no override", () => {
  test("at boot: the machine that fell back to stopped is started again", async () => {
    const app = "crashed";
    lab.fly.addFault({ kind: "bootFails", action: "start", app, endState: "stopped", count: 1 });
    await prepare(app, 900);
    const [first] = await intentsOf(lab.sql, app);
    expect(first).toMatchObject({ kind: "start", status: "done" });
    lab.fly.sleep(10_000);
    expect(activeOf(lab.fly, app)).toBe(1);
    await slotWith(app, 900);
    expect(await overridesOf(lab.sql, app)).toEqual([]);
    expect(activeOf(lab.fly, app)).toBe(2);
  });

  test("to state failed: it is not counted, and another machine takes its place", async () => {
    const app = "crashed-late";
    await prepare(app, 900);
    lab.fly.addFault({ kind: "bootFails", app, endState: "failed", count: 1 });
    const { id } = machineIn(app, "started");
    const answer = lab.fly.handle({
      method: "POST",
      path: `/v1/apps/${app}/machines/${id}/restart`,
      headers: { authorization: `Bearer ${lab.env.FLY_API_TOKEN}` },
    });
    expect(answer.status).toBe(200);
    lab.fly.sleep(10_000);
    expect(machinesOf(lab.fly, app).find((machine) => machine.id === id)?.state).toBe("failed");
    await slotWith(app, 900);
    expect(await overridesOf(lab.sql, app)).toEqual([]);
    expect(activeOf(lab.fly, app)).toBe(2);
  });
});

describe("what is gone is retired", () => {
  test("an app that Fly does not know any more: no failure, its pools retired, its samples kept for a day and then refused", async () => {
    const app = "gone-app";
    await prepare(app, 900);
    lab.fly.removeApp(app);
    lab.nextSlot();
    expect((await lab.tick(app)).body.apps[0]).toMatchObject({ status: "done", pools: [] });
    const [pool] = await poolsOf(lab.sql, app);
    expect(pool?.retired_at).not.toBeNull();
    expect(await workersOf(lab.sql, app)).toEqual({});
    await lab.feed(app, 1, 10);
    await lab.sql`update flyahead.worker_regions set retired_at = retired_at - interval '25 hours' where app = ${app}`;
    await expect(lab.feed(app, 1, 10)).rejects.toThrow(/422.*no pool gone-app/);
    lab.nextSlot();
    expect((await lab.tick(app)).body.apps[0].status).toBe("done");
    expect((await historyOf(lab.sql, app)).length, "its history stays").toBeGreaterThanOrEqual(2);
  });

  test("a region that Fly closed: its pool is retired, the other one works on", async () => {
    const app = "gone-region";
    lab.nextSlot();
    await lab.adopt(app, { unserved_price: 2 });
    lab.fly.removeRegion("syd");
    await slotWith(app, 900, 60);
    const pools = await poolsOf(lab.sql, app);
    expect(pools.map(({ region, retired_at }) => [region, retired_at !== null])).toEqual([
      ["fra", false],
      ["syd", true],
    ]);
    expect(activeOf(lab.fly, app, "fra")).toBe(2);
  });

  test("a region whose machines are gone comes back with them: the same pool, with its wishes and its history", async () => {
    const app = "gone-machines";
    await prepare(app, 100, { max_workers: 7 });
    lab.fly.person(app, machinesOf(lab.fly, app, "nrt")[0]!.id, "destroy");
    await slotWith(app, 100);
    expect((await poolsOf(lab.sql, app)).find(({ region }) => region === "nrt")?.retired_at).not.toBeNull();
    lab.fly.handle({
      method: "POST",
      path: `/v1/apps/${app}/machines`,
      headers: { authorization: `Bearer ${lab.env.FLY_API_TOKEN}` },
      body: {
        region: "nrt",
        config: { image: "registry.fly.io/x:1", metadata: { fly_process_group: "app" } },
      },
    });
    await slotWith(app, 100);
    expect((await poolsOf(lab.sql, app)).find(({ region }) => region === "nrt")).toMatchObject({
      mode: "act",
      retired_at: null,
    });
    expect((await historyOf(lab.sql, app)).filter(({ region }) => region === "nrt")).toHaveLength(3);
    expect(await overridesOf(lab.sql, app), "machines that vanish or appear are a deploy's").toEqual([]);
    expect(
      changesOf(lab.fly, app).filter(({ region, action }) => region === "nrt" && action !== "create"),
    ).toEqual([]);
  });
});
