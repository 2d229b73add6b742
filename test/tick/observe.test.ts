import { describe, expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { Machine } from "../../src/core/fleet.ts";
import type { Policy } from "../../src/core/policy.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import type { Lease, TickPorts } from "../../src/ports.ts";
import { effectivePolicy, observe } from "../../src/tick/observe.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL, policy, started } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";

const request = (slot = NOW) => ({ slot, mode: "act", apps: ["shop"] }) as const;

async function look(scene: Scene, ports: Partial<TickPorts> = {}, slot = NOW) {
  const answer = await scene.ports.leases.acquire("shop", slot, 150_000);
  if (answer.status !== "held") throw new Error(answer.status);
  const observed = await observe(answer.lease, request(slot), SETTINGS, { ...scene.ports, ...ports });
  await scene.ports.leases.release(answer.lease);
  return { ...observed, first: observed.pools[0]?.observation };
}

/** A scene after one tick that only looked, at the slot before NOW. */
async function known(machines: readonly Machine[] = started(2)): Promise<Scene> {
  const scene = memoryScene({ shop: machines }, NOW - CADENCE_MS);
  await runTick({ ...request(NOW - CADENCE_MS), mode: "observe" }, SETTINGS, scene.ports);
  scene.ports.history.setPool(POOL, { mode: "act" });
  scene.ports.clock.set(NOW);
  return scene;
}

/** As a tick that died with this intent open, `agoMs` before NOW. */
async function diedWith(scene: Scene, action: Action, agoMs: number): Promise<void> {
  scene.ports.clock.set(NOW - agoMs);
  const answer = await scene.ports.leases.acquire("shop", NOW - 1, 1);
  const { lease } = answer as { lease: Lease };
  const { pools } = await observe(lease, request(), SETTINGS, scene.ports);
  const { pool, mode, policy, machines } = pools[0]!.observation;
  const decision = {
    kind: "grow",
    from: 1,
    to: 2,
    needNow: null,
    needCovered: null,
    worth: null,
    goal: "by hand",
    quantile: 0.9,
    severity: "normal",
    foreseen: [],
    extraMachineHours: 0,
    constraints: [],
    reason: "",
  } as const;
  const record = { v: 1, kind: "short", confidence: null } as const;
  const rest = {
    boots: [],
    override: null,
    hot: null,
    cold: null,
    predictions: [],
    nextPeak: null,
    model: null,
    confidence: null,
  };
  const list = machines.status === "missing" ? null : machines.value;
  await scene.ports.history.openTick({
    lease,
    now: NOW - agoMs,
    mode: "act",
    cadenceMs: 900_000,
    pools: [{ pool, mode, policy, decision, record, machines: list, actions: [action], ...rest }],
    resolved: [],
    retired: [],
  });
  await scene.ports.leases.release(lease);
  scene.ports.clock.set(NOW);
}

describe("pools", () => {
  test("are found in the list, by region and process group; a new one advises", async () => {
    const machines = [
      machine("a"),
      machine("b", { region: "syd" }),
      machine("c", { processGroup: "jobs" }),
      machine("d"),
    ];
    const { pools, retired } = await look(memoryScene({ shop: machines }));
    const found = pools.map(({ observation: { pool, mode, machines } }) => {
      return [
        pool.region,
        pool.processGroup,
        mode,
        machines.status === "fresh" && machines.value.map(({ id }) => id),
      ];
    });
    expect(found).toEqual([
      ["fra", "web", "advise", ["a", "d"]],
      ["syd", "web", "advise", ["b"]],
      ["fra", "jobs", "advise", ["c"]],
    ]);
    expect(retired).toEqual([]);
  });

  test("whose machines are gone are retired; of an app that is gone, all", async () => {
    const scene = await known();
    expect(
      (
        await look(scene, {
          machineApi: memoryScene({ shop: [machine("x", { region: "syd" })] }).ports.machineApi,
        })
      ).retired,
    ).toEqual([POOL]);
    const gone = await look(scene, { machineApi: memoryScene({}).ports.machineApi });
    expect([gone.pools, gone.retired]).toEqual([[], [POOL]]);
  });

  test("stay those of the books where the list cannot be read, and nothing is retired", async () => {
    const scene = await known();
    scene.fail("list", ["transient", "transient", "transient"]);
    const { first, retired, resolved } = await look(scene);
    expect(first).toMatchObject({
      pool: POOL,
      mode: "act",
      machines: { status: "missing", why: "Fly said transient" },
    });
    expect([retired, resolved]).toEqual([[], []]);
  });

  test("the mode is the lowest of request and pool", async () => {
    const scene = await known();
    expect((await look(scene)).first?.mode).toBe("act");
    scene.ports.history.setPool(POOL, { mode: "observe" });
    expect((await look(scene)).first?.mode).toBe("observe");
  });
});

describe("a list that fails", () => {
  test("for a moment is read again", async () => {
    const scene = await known();
    scene.fail("list", ["transient", "rateLimited"], { retryAfterMs: 2_000 });
    expect((await look(scene)).first?.machines.status).toBe("fresh");
  });

  test.each(["auth", "invalid"] as const)("for good (%s) is not", async (kind) => {
    const scene = await known();
    scene.calls.length = 0;
    scene.fail("list", [kind]);
    expect((await look(scene)).first?.machines).toEqual({ status: "missing", why: `Fly said ${kind}` });
    expect(scene.calls).toEqual(["list shop"]);
  });

  test("with a wait that would eat the tick is given up", async () => {
    const scene = await known();
    scene.fail("list", ["rateLimited"], { retryAfterMs: 60_000 });
    expect((await look(scene)).first?.machines.status).toBe("missing");
    expect(scene.ports.clock.now()).toBe(NOW);
  });
});

describe("samples", () => {
  test("fresh, with their gaps, up to the last whole minute", async () => {
    const scene = await known();
    await scene.feed(20, 150);
    scene.ports.clock.set(NOW + 30_000);
    const samples = (await look(scene)).first!.samples;
    if (samples.status !== "fresh") throw new Error(samples.status);
    const { start, values } = samples.value;
    expect(start + values.length * MINUTE_MS).toBe(NOW);
    expect(values.slice(-21)).toEqual([Number.NaN, ...Array(20).fill(150)]);
  });

  test("stale from the policy's age on", async () => {
    const scene = await known();
    await scene.feed(5, 150);
    scene.ports.clock.set(NOW + 300_000);
    expect((await look(scene)).first?.samples.status).toBe("fresh");
    scene.ports.clock.set(NOW + 300_001);
    expect((await look(scene)).first?.samples).toMatchObject({
      status: "stale",
      ageMs: 300_001,
      why: expect.stringMatching(/newest is of 2026-06-17T12:00:00Z/),
    });
  });

  test("missing where there is none, or where they cannot be read", async () => {
    const scene = await known();
    expect((await look(scene)).first?.samples).toMatchObject({
      status: "missing",
      why: expect.stringMatching(/^no sample since/),
    });
    const samples = {
      ...scene.ports.samples,
      readSeries: () => Promise.reject(new Error("statement timeout")),
    };
    expect((await look(scene, { samples })).first?.samples).toEqual({
      status: "missing",
      why: "statement timeout",
    });
  });
});

describe("open intents of earlier ticks", () => {
  const create: Action = { kind: "create", machineName: "fa-new", templateId: "m0" };

  test("are resolved by the list, and explain their machines", async () => {
    const scene = await known([machine("m0"), machine("m1", { state: "stopped" })]);
    await diedWith(scene, { kind: "start", machineId: "m1" }, 900_000);
    await scene.ports.machineApi.start("shop", "m1");
    const { resolved, pools } = await look(scene);
    expect(resolved).toEqual([
      {
        intentId: "1",
        outcome: { status: "done", machineId: "m1", evidence: "found started by a later tick" },
      },
    ]);
    expect(pools[0]?.newOverride).toBeNull();
  });

  test("wait where the list cannot be read", async () => {
    const scene = await known();
    await diedWith(scene, create, 900_000);
    scene.fail("list", ["auth"]);
    expect((await look(scene)).resolved).toEqual([]);
  });

  test("a create that may yet be listed: the machines are stale, so that nothing is created twice", async () => {
    const scene = await known();
    await diedWith(scene, create, 30_000);
    const { resolved, first } = await look(scene);
    expect(resolved).toMatchObject([{ outcome: { status: "unknown" } }]);
    expect(first?.machines).toMatchObject({
      status: "stale",
      ageMs: 30_000,
      why: expect.stringMatching(/may not be listed yet/),
    });
    scene.ports.clock.set(NOW + 240_000);
    const later = await look(scene);
    expect([later.resolved[0]?.outcome.status, later.first?.machines.status]).toEqual(["failed", "fresh"]);
  });

  test("a pool whose machines are all gone is not retired before its intents are closed", async () => {
    const scene = await known();
    await diedWith(scene, create, 30_000);
    const machineApi = memoryScene({}).ports.machineApi;
    expect((await look(scene, { machineApi })).retired).toEqual([]);
    scene.ports.clock.set(NOW + 240_000);
    expect((await look(scene, { machineApi })).retired).toEqual([POOL]);
  });
});

describe("what the rules look back at", () => {
  test("is counted by the books; of a new pool nothing is", async () => {
    const scene = await known();
    expect((await look(memoryScene({ shop: started(2) }))).first).not.toHaveProperty("tally");
    expect((await look(scene)).first?.tally).toEqual({
      changesToday: 0,
      spentMachineHours: 0.5,
      spentUsd: null,
      replacedToday: 0,
    });
  });

  test("samples that cannot be read have the age of the newest that was learned", async () => {
    const scene = await known();
    await scene.feed(60, 100);
    await runTick(request(), SETTINGS, scene.ports);
    const unread = { ...scene.ports.samples, readSeries: () => Promise.reject(new Error("no answer")) };
    const hours = 5;
    const slot = NOW + hours * 3_600_000;
    scene.ports.clock.set(slot);
    expect((await look(scene, { samples: unread }, slot)).first?.samples).toEqual({
      status: "missing",
      why: "no answer",
      ageMs: hours * 3_600_000,
    });
  });

  test("samples are read as far back as a rule looks", async () => {
    const scene = await known();
    await scene.feed(60, 100);
    await runTick(request(), SETTINGS, scene.ports);
    const slot = NOW + CADENCE_MS;
    scene.ports.clock.set(slot);
    const startOf = async (own: Partial<Policy>) => {
      scene.ports.history.setPool(POOL, { mode: "act", policy: { staleSeconds: 3_600, ...own } });
      const { first } = await look(scene, {}, slot);
      return first?.samples.status === "fresh" ? slot - first.samples.value.start : null;
    };
    expect(await startOf({})).toBeGreaterThanOrEqual(75 * MINUTE_MS);
    expect(await startOf({ minWorkers: 0, zeroAfterSeconds: 7_200 })).toBeGreaterThanOrEqual(120 * MINUTE_MS);
  });
});

describe("what a person did", () => {
  test("is a new override; an older one that lasts is kept", async () => {
    const scene = await known();
    scene.ports.machineApi.put(
      "shop",
      machine("m1", { state: "stopped", lastAsked: { verb: "stop", by: "user", at: NOW } }),
    );
    const { pools } = await look(scene);
    expect(pools[0]?.newOverride).toMatchObject({ machineId: "m1", workers: 1, until: NOW + 3_600_000 });
    expect(pools[0]?.observation.override).toEqual(pools[0]?.newOverride);
    await runTick(request(), SETTINGS, scene.ports);
    scene.ports.clock.set(NOW + CADENCE_MS);
    const next = await look(scene, {}, NOW + CADENCE_MS);
    expect(next.pools[0]?.newOverride).toBeNull();
    expect(next.first?.override).toMatchObject({ machineId: "m1", until: NOW + 3_600_000 });
    scene.ports.clock.set(NOW + 3_600_000);
    expect((await look(scene, {}, NOW + 3_600_000)).first?.override).toBeNull();
  });
});

describe("boots", () => {
  test("that ended between two looks are told once, and recalled from then on", async () => {
    const scene = memoryScene({ shop: started(1) }, NOW - MINUTE_MS);
    await runTick({ ...request(NOW - MINUTE_MS), mode: "observe" }, SETTINGS, scene.ports);
    scene.ports.clock.set(NOW);
    const lastAsked = { verb: "start", by: "user", at: NOW - 20_000 } as const;
    scene.ports.machineApi.put("shop", machine("new", { createdAt: NOW - 21_000, lastAsked }));
    const boot = { machineId: "new", path: "create", askedAt: NOW - 20_000, servingAt: NOW };
    const { pools } = await look(scene);
    expect(pools[0]?.newBoots).toEqual([{ ...boot, seconds: 20, evidence: "atMost" }]);
    expect(pools[0]?.observation).not.toHaveProperty("boots");
    await runTick({ ...request(), mode: "observe" }, SETTINGS, scene.ports);
    scene.ports.clock.set(NOW + MINUTE_MS);
    const next = await look(scene, {}, NOW + MINUTE_MS);
    expect(next.pools[0]?.newBoots).toEqual([]);
    expect(next.first?.boots).toEqual([
      { path: "create", evidence: "atMost", count: 1, p50: 20, p95: 20, p99: 20 },
    ]);
  });

  test("are not told of by a first look, nor where the list cannot be read", async () => {
    const scene = memoryScene({ shop: [machine("new", { createdAt: NOW - 5_000 })] });
    expect((await look(scene)).pools[0]?.newBoots).toEqual([]);
    const blind = await known();
    blind.fail("list", ["auth"]);
    expect((await look(blind)).pools[0]?.newBoots).toEqual([]);
  });
});

describe("the policy", () => {
  test("of the pool outranks the configured one; a minimum above the maximum raises it", () => {
    expect(effectivePolicy(policy(), {})).toEqual(policy());
    expect(effectivePolicy(policy(), { requestsPerWorker: 7 })).toEqual(policy({ requestsPerWorker: 7 }));
    expect(effectivePolicy(policy({ maxWorkers: 4 }), { minWorkers: 6 })).toMatchObject({
      minWorkers: 6,
      maxWorkers: 6,
    });
  });

  test("a pool's schedule that cannot be read gives way to the configured one", () => {
    const configured = policy({ schedule: "daily 08:00-18:00 min 2" });
    expect(effectivePolicy(configured, { schedule: "mon 09:00-10:00 min 5" }).schedule).toBe(
      "mon 09:00-10:00 min 5",
    );
    expect(effectivePolicy(configured, { schedule: "" }).schedule).toBe("");
    expect(effectivePolicy(configured, { schedule: "mon 09:00-10:00 min 5 max 4" })).toEqual(configured);
  });

  test("another time zone makes what was learned in the old one unusable", async () => {
    const scene = await known();
    await scene.feed(60, 100);
    await runTick(request(), SETTINGS, scene.ports);
    const slot = NOW + CADENCE_MS;
    scene.ports.clock.set(slot);
    expect((await look(scene, {}, slot)).first?.state).not.toBeNull();
    scene.ports.history.setPool(POOL, { mode: "act", policy: { timeZone: "Asia/Tokyo" } });
    expect((await look(scene, {}, slot)).first?.state).toBeNull();
  });
});
