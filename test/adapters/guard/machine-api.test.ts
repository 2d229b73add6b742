import { describe, expect, test } from "vitest";
import { createBreakers } from "../../../src/adapters/guard/breakers.ts";
import { createGuard } from "../../../src/adapters/guard/guard.ts";
import { guardMachineApi } from "../../../src/adapters/guard/machine-api.ts";
import { createMeasures } from "../../../src/adapters/guard/measures.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createMemoryCallLimit } from "../../../src/adapters/memory/call-limit.ts";
import { createMemoryClock } from "../../../src/adapters/memory/clock.ts";
import { createMemoryMachineApi } from "../../../src/adapters/memory/machine-api.ts";
import type { Machine } from "../../../src/core/fleet.ts";
import { MachineApiError, type MachineApiErrorKind } from "../../../src/errors.ts";
import { CONTRACT_APP, describeMachineApi } from "../../contracts/machine-api.ts";
import { machine, NOW } from "../../core/examples.ts";

const APPS = {
  shop: [machine("f1"), machine("f2"), machine("s1", { region: "syd" })],
  blog: [machine("b1")],
};

/** A Fly of two regions and two apps, in which calls can be made to fail. */
function scene(apps: Readonly<Record<string, readonly Machine[]>> = APPS) {
  const clock = createMemoryClock(NOW);
  const fly = createMemoryMachineApi({ apps, now: clock.now });
  let failing: { kind: MachineApiErrorKind; where: RegExp } | null = null;
  let calls = 0;
  const maybe = async <T>(what: string, act: () => Promise<T>) => {
    calls += 1;
    if (failing?.where.test(what)) throw new MachineApiError(failing.kind, "no");
    return act();
  };
  const breakers = createBreakers({
    store: createMemoryBreakerStore(clock.now),
    clock,
    chance: () => 0,
    log: () => {},
  });
  const limit = createMemoryCallLimit(clock.now);
  const measures = createMeasures();
  const guard = createGuard({
    clock,
    chance: () => 0,
    breakers,
    measures,
    limits: { read: limit, write: limit },
  });
  const api = guardMachineApi(
    {
      list: (app) => maybe(`list ${app}`, () => fly.list(app)),
      get: (app, id) => maybe(`get ${id}`, () => fly.get(app, id)),
      start: (app, id) => maybe(`start ${id}`, () => fly.start(app, id)),
      keepMinRunning: (app, id, least) => maybe(`update ${id}`, () => fly.keepMinRunning(app, id, least)),
      stop: (app, id) => maybe(`stop ${id}`, () => fly.stop(app, id)),
      suspend: (app, id) => maybe(`suspend ${id}`, () => fly.suspend(app, id)),
      cordon: (app, id) => maybe(`cordon ${id}`, () => fly.cordon(app, id)),
      uncordon: (app, id) => maybe(`uncordon ${id}`, () => fly.uncordon(app, id)),
      destroy: (app, id) => maybe(`destroy ${id}`, () => fly.destroy(app, id)),
      create: (app, request) => maybe(`create ${request.region}`, () => fly.create(app, request)),
    },
    guard,
  );
  const kindOf = async (attempt: Promise<unknown>) =>
    attempt.then(
      () => "done",
      (error: MachineApiError) => error.kind,
    );
  return {
    api,
    fly,
    clock,
    breakers,
    kindOf,
    calls: () => calls,
    fail: (kind: MachineApiErrorKind, where: RegExp) => {
      failing = { kind, where };
    },
  };
}

describe("the Machines API behind the guard", () => {
  test("one broken region stops nothing else", async () => {
    const { api, fail, kindOf, calls } = scene();
    await api.list("shop");
    fail("transient", /start f|get f/);
    for (let i = 0; i < 5; i++) expect(await kindOf(api.start("shop", "f1"))).toBe("transient");
    for (let i = 0; i < 5; i++) expect(await kindOf(api.get("shop", "f1"))).toBe("transient");
    const before = calls();
    expect(await kindOf(api.start("shop", "f2")), "the same region").toBe("heldBack");
    expect(await kindOf(api.create("shop", { name: "n", region: "fra", templateId: "f1" }))).toBe("heldBack");
    expect(await kindOf(api.get("shop", "f2"))).toBe("heldBack");
    expect(calls(), "nothing was sent").toBe(before);
    expect(await kindOf(api.start("shop", "s1"))).toBe("done");
    expect(await kindOf(api.get("shop", "s1"))).toBe("done");
    expect(await kindOf(api.list("shop"))).toBe("done");
    expect(await kindOf(api.list("blog"))).toBe("done");
  });

  test("one app's refused token stops that app alone, until a person acts", async () => {
    const { api, fail, kindOf, clock } = scene();
    fail("auth", /list shop/);
    for (let i = 0; i < 3; i++) expect(await kindOf(api.list("shop"))).toBe("auth");
    clock.set(NOW + 24 * 3_600_000);
    const refused = await api.list("shop").catch((error: MachineApiError) => error);
    expect(refused).toMatchObject({ kind: "heldBack", retryAfterMs: null });
    expect(String(refused)).toMatch(
      /fly:access:shop is OPEN .*refused again and again.*an operator must reset it/,
    );
    expect(await kindOf(api.list("blog"))).toBe("done");
  });

  test.each<MachineApiErrorKind>([
    "capacity",
    "regionClosed",
    "quota",
    "leaseHeld",
    "wrongState",
    "versionMoved",
    "notFound",
    "nameTaken",
  ])("%s is an answer: however often, Fly is well", async (kind) => {
    const { api, fail, kindOf } = scene();
    await api.list("shop");
    fail(kind, /start/);
    for (let i = 0; i < 20; i++) expect(await kindOf(api.start("shop", "f1"))).toBe(kind);
  });

  test("creates of an app keep to one a second after a burst of two; reads to five", async () => {
    const { api, clock } = scene();
    await api.list("shop");
    for (let i = 0; i < 5; i++) await api.create("shop", { name: `n${i}`, region: "fra", templateId: "f1" });
    expect(clock.now() - NOW).toBe(3_000);
    for (let i = 0; i < 15; i++) await api.get("shop", "f1");
    expect(clock.now() - NOW).toBe(5_000);
  });

  test("each action of each machine counts by itself, those on routing too", async () => {
    const { api, clock } = scene();
    await api.list("shop");
    for (let i = 0; i < 2; i++) {
      for (const id of ["f1", "f2"]) {
        await api.cordon("shop", id);
        await api.uncordon("shop", id);
      }
    }
    expect(clock.now() - NOW).toBe(0);
    await api.cordon("shop", "f1");
    expect(clock.now() - NOW).toBe(1_000);
  });
});

describeMachineApi("memory, guarded", async () => {
  const proxy = { autostop: "off", autostart: true, minRunning: 0 } as const;
  const web = { processGroup: "web", proxy };
  const resting = { ...web, state: "stopped", health: "unknown", hasVolume: false } as const;
  const stopped = { ...resting, proxy: { ...proxy, autostop: "stop" } } as const;
  const machines = [
    machine("a", web),
    machine("b", web),
    machine("c", stopped),
    machine("d", { region: "sin", processGroup: "app" }),
  ];
  const { api, fly } = scene({ [CONTRACT_APP]: machines });
  return { api, hold: async (id) => fly.hold(CONTRACT_APP, id), leases: async () => fly.held() };
});
