/**
 * Phases over several slots, on the simulated Fly through its HTTP face and the real client; books in memory. Each decision is
 * made again from its record.
 */
import { afterEach, describe, expect, test } from "vitest";
import { createFlyMachineApi } from "../../src/adapters/fly/machine-api.ts";
import type { Policy } from "../../src/core/policy.ts";
import { RECORD_LIMIT_BYTES, redecide } from "../../src/core/tick-record.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import type { Fault } from "../../src/sim/fly/faults.ts";
import { createFly } from "../../src/sim/fly/fly.ts";
import { type ServedFly, serveFly } from "../../src/sim/fly/http.ts";
import type { FlyOptions, MachineSeed } from "../../src/sim/fly/options.ts";
import { createRandom } from "../../src/sim/random.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import type { TickSettings } from "../../src/tick/settings.ts";
import { POOL, policy } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";

const START = Date.UTC(2026, 5, 17, 12, 0);
const SLOT_MS = SETTINGS.cadenceMs;
const up = (count: number, more: Partial<MachineSeed> = {}): MachineSeed => {
  return { region: "fra", processGroup: "web", count, ...more };
};

const served: ServedFly[] = [];
afterEach(async () => {
  for (const one of served.splice(0)) await one.close();
});

type Wishes = Partial<Policy> & { fly?: Partial<FlyOptions>; settings?: Partial<TickSettings> };

async function world(machines: readonly MachineSeed[], { fly: options, settings, ...wishes }: Wishes = {}) {
  const fly = createFly({
    seed: 3,
    start: START,
    limits: false,
    apps: [{ name: "shop", machines }],
    ...options,
  });
  const http = await serveFly(fly);
  served.push(http);
  const scene = memoryScene({}, START);
  const { history, samples } = scene.ports;
  const api = createFlyMachineApi({ baseUrl: http.url, tokens: "fm2_t==", fetch, timeoutMs: 5_000 });
  const clock = { now: () => fly.now(), sleep: async (ms: number) => fly.sleep(ms), set: () => {} };
  const ports = { ...scene.ports, machineApi: api, clock };
  const terms = { requestsPerWorker: 100, unservedPrice: 2, leadSeconds: 0, cooldownSeconds: 0 };
  const defaultPolicy = policy({ ...terms, stabilisationSeconds: 0, overrideSeconds: 0, ...wishes });
  let slot = START;

  /** The next slot at this load; what was decided, and what was asked of Fly with its outcome. */
  async function next(load: number, aheadMs = SLOT_MS) {
    slot += aheadMs;
    fly.advanceTo(slot);
    const list = Array.from({ length: Math.max(15, aheadMs / MINUTE_MS) }, (_, i) => ({
      pool: POOL,
      at: slot - (i + 1) * MINUTE_MS,
      requests: load,
    }));
    await samples.store(list, slot);
    const request = { slot, mode: "act", apps: ["shop"] } as const;
    const rules = { ...SETTINGS, defaultPolicy, cadenceMs: Math.min(aheadMs, SLOT_MS), ...settings };
    const { apps } = await runTick(request, rules, ports);
    const [app] = apps;
    if (app?.status !== "done") throw new Error(`the tick ended ${JSON.stringify(app)}`);
    const pool = app.pools[0]!;
    const row = history.rows().at(-1)!;
    const stored = JSON.parse(JSON.stringify(row.record));
    expect(JSON.stringify(stored).length).toBeLessThanOrEqual(RECORD_LIMIT_BYTES);
    if (stored.kind === "full")
      expect(redecide(POOL, stored)).toEqual({ decision: row.decision, actions: pool.actions.map(bare) });
    const said = pool.actions.map(({ kind, outcome }) => `${kind} ${outcome?.status}`);
    return {
      kind: pool.kind,
      to: pool.to,
      reason: pool.reason,
      said,
      evidence: pool.actions.map((a) => a.outcome?.evidence),
    };
  }
  await next(150);
  history.setPool(POOL, { mode: "act" });
  const log = () => fly.log().map(({ action, by }) => (by === "api" ? action : `${by} ${action}`));
  const phases = () =>
    Object.fromEntries(
      scene.database.pools.get("shop/web@fra")!.machines.map(({ id, phase }) => [id, phase?.name]),
    );
  const states = () =>
    fly
      .machines()
      .map(({ state, cordoned }) => `${state}${cordoned ? " cordoned" : ""}`)
      .sort();
  const row = () => scene.database.pools.get("shop/web@fra")!;
  return { fly, next, log, phases, states, row, history };
}

function bare<T extends { outcome?: unknown }>({ outcome: _outcome, ...action }: T) {
  return action;
}

describe("draining", () => {
  test("takes a machine out of routing, waits, stops it, and gives it back to Fly Proxy", async () => {
    const at = await world([up(2)], { drainSeconds: 10 });
    const before = at.fly.now() + SLOT_MS;
    const { kind, said } = await at.next(50);
    expect([kind, said]).toEqual(["shrink", ["cordon done", "stop done", "uncordon done"]]);
    expect(at.log()).toEqual(["cordon", "stop", "uncordon"]);
    const [cordon, stop] = at.fly.log();
    expect(stop!.at - cordon!.at).toBeGreaterThanOrEqual(10 * SECOND_MS);
    expect(at.fly.now() - before).toBeLessThan(20 * SECOND_MS);
    await at.next(50);
    expect(at.states()).toEqual(["started", "stopped"]);
    expect(Object.values(at.phases()).sort()).toEqual(["serving", "stopped"]);
    expect(at.fly.machines().every(({ lease }) => lease === null)).toBe(true);
  });

  test("that takes longer than a tick may wait is ended by the next one", async () => {
    const at = await world([up(2)], { drainSeconds: 300 });
    const first = await at.next(50);
    expect(first.said).toEqual(["cordon done", "stop refused", "uncordon refused"]);
    expect(first.evidence[1]).toMatch(/still draining; a later tick stops it/);
    expect(at.states()).toEqual(["started", "started cordoned"]);
    expect(Object.values(at.phases()).sort()).toEqual(["draining", "serving"]);
    const second = await at.next(50);
    expect([second.kind, second.said]).toEqual(["hold", ["stop done", "uncordon done"]]);
    await at.next(50);
    expect(at.states()).toEqual(["started", "stopped"]);
  });

  test("ends by putting it back where the need returns, and nothing is started", async () => {
    const at = await world([up(2), up(1, { state: "stopped" })], { drainSeconds: 300 });
    await at.next(50);
    const { kind, said } = await at.next(150);
    expect([kind, said]).toEqual(["grow", ["uncordon done"]]);
    expect(at.states()).toEqual(["started", "started", "stopped"]);
    expect(at.log()).toEqual(["cordon", "uncordon"]);
    await at.next(150);
    expect(Object.values(at.phases()).sort()).toEqual(["serving", "serving", "stopped"]);
  });

  test("a stop that fails after its cordon is made by the next tick", async () => {
    const at = await world([up(2)], { drainSeconds: 10 });
    const fault = at.fly.addFault({ kind: "serverError", action: "stop" });
    expect((await at.next(50)).said).toEqual(["cordon done", "stop unknown", "uncordon refused"]);
    at.fly.clearFaults(fault);
    const second = await at.next(50);
    expect(second.said).toEqual(["stop done", "uncordon done"]);
    expect(at.states()).toEqual(["started", "stopping"]);
  });

  test("a cordon that could not be lifted is lifted by the next tick; so long the machine is not used", async () => {
    const at = await world([up(2)], { drainSeconds: 10 });
    const fault = at.fly.addFault({ kind: "serverError", action: "uncordon" });
    expect((await at.next(50)).said).toEqual(["cordon done", "stop done", "uncordon unknown"]);
    at.fly.clearFaults(fault);
    expect((await at.next(50)).said).toEqual(["uncordon done"]);
    expect((await at.next(150)).said).toEqual(["start done"]);
  });

  test("leaves what somebody else cordoned alone, and says so", async () => {
    const at = await world([up(3)], { drainSeconds: 10 });
    const theirs = at.fly.machines()[0]!;
    at.fly.handle({
      method: "POST",
      path: `/v1/apps/shop/machines/${theirs.id}/cordon`,
      headers: { authorization: "Bearer fm2_t==" },
    });
    for (const load of [50, 50, 250]) {
      const { reason, said } = await at.next(load);
      expect(reason).toContain(`Left alone, cordoned by somebody else: ${theirs.id}.`);
      expect(said.every((one) => one.endsWith("done"))).toBe(true);
    }
    expect(at.fly.machines().find(({ id }) => id === theirs.id)).toMatchObject({
      state: "started",
      cordoned: true,
    });
    expect(at.phases()[theirs.id]).toBe("cordoned");
  });

  test("suspends instead of stopping where the owner says so and Fly can; the resume is timed as one", async () => {
    const large = { cpu_kind: "performance", cpus: 1, memory_mb: 4_096 };
    const at = await world([up(1), up(1, { guest: large })], {
      drainSeconds: 10,
      restBy: "suspend",
      maxWorkers: 2,
    });
    const [small, big] = at.fly.machines().map(({ id }) => id);
    expect((await at.next(50)).said[1]).toBe("stop done");
    expect(at.fly.log().find(({ action }) => action === "stop")?.machineId).toBe(big);
    await at.next(150);
    at.fly.person("shop", big!, "stop");
    at.fly.sleep(5_000);
    expect(small).toBeDefined();
    const two = await world([up(2)], { drainSeconds: 10, restBy: "suspend" });
    expect((await two.next(50)).said).toEqual(["cordon done", "suspend done", "uncordon done"]);
    await two.next(50);
    expect(two.states()).toEqual(["started", "suspended"]);
    expect((await two.next(150)).said).toEqual(["start done"]);
    await two.next(150);
    expect([...two.row().boots.values()]).toMatchObject([
      { path: "resume", seconds: 1.4, evidence: "event" },
    ]);
  });
});

describe("boots", () => {
  test("are timed by Fly's events and checks, by their way, each once", async () => {
    const at = await world([up(1), up(1, { state: "stopped" })], { fly: { serveDelayMs: 4_000 } });
    expect((await at.next(250)).said).toEqual(["start done", "create done"]);
    await at.next(250);
    await at.next(250);
    const boots = [...at.row().boots.values()].map(
      ({ path, seconds, evidence }) => `${path} ${seconds} ${evidence}`,
    );
    // stopped → started 2 s, checks 4 s later; a new one takes 9 s before that.
    expect(boots.sort()).toEqual(["create 15 event", "start 6 event"]);
  });

  test("a machine that warms up is no capacity yet, and asked for once", async () => {
    const at = await world([up(1), up(1, { state: "stopped" })], { fly: { serveDelayMs: 3 * MINUTE_MS } });
    const minute = (load: number) => at.next(load, MINUTE_MS);
    expect((await minute(150)).said).toEqual(["start done"]);
    for (let i = 0; i < 2; i++) {
      expect((await minute(150)).said).toEqual([]);
      expect(Object.values(at.phases()).sort()).toEqual(["serving", "warming"]);
    }
    await minute(150);
    await minute(150);
    expect(Object.values(at.phases()).sort()).toEqual(["serving", "serving"]);
  });
});

describe("a stuck machine", () => {
  const slow = { kind: "slowBoot", action: "start", serveDelayMs: 3_600_000, count: 1 } as const;

  test("is stopped and another started in its place, and it is not started again for a day", async () => {
    const at = await world([up(1), up(2, { state: "stopped" })], { replacementsPerDay: 3 });
    at.fly.addFault(slow);
    expect((await at.next(150)).said).toEqual(["start done"]);
    const stuck = at.fly.log()[0]!.machineId;
    const { said, reason, kind } = await at.next(150);
    expect([kind, said]).toEqual(["grow", ["stop done", "start done"]]);
    expect(reason).toContain(
      `Machine ${stuck} (warming) is stuck on the way to serving: 1 replaced, 1 of 3 today.`,
    );
    expect(at.fly.log().map(({ action, machineId }) => `${action} ${machineId === stuck}`)).toEqual([
      "start true",
      "start false",
      "stop true",
    ]);
    expect(at.row().noRoom).toMatchObject([{ machineId: stuck, why: "stuck" }]);
    const more = await at.next(250);
    expect(more.said).toEqual(["create done"]);
    expect(at.fly.machines().find(({ id }) => id === stuck)!.state).toBe("stopped");
  });

  test("at the maximum goes first, and its place is taken in the same tick", async () => {
    const at = await world([up(1), up(2, { state: "stopped" })], { replacementsPerDay: 3, maxWorkers: 2 });
    at.fly.addFault(slow);
    await at.next(150);
    let most = 0;
    const fault = at.fly.addFault({ kind: "serverError", action: "stop", count: 3 });
    const refused = await at.next(150);
    expect(refused.said).toEqual(["stop unknown", "start refused"]);
    expect(refused.evidence[1]).toMatch(/whose place it takes, could not be stopped/);
    at.fly.clearFaults(fault);
    expect((await at.next(150)).said).toEqual(["stop done", "start done"]);
    for (const entry of at.fly.log()) {
      if (entry.action === "start") most += 1;
      if (entry.action === "stop") most -= 1;
      expect(1 + most).toBeLessThanOrEqual(2);
    }
  });

  test("is replaced so many times a day only, and never where nothing can take its place", async () => {
    const always = { kind: "slowBoot", serveDelayMs: 86_400_000 } as const;
    const at = await world([up(1), up(4, { state: "stopped" })], { replacementsPerDay: 2 });
    at.fly.addFault(always);
    await at.next(150);
    const stops = () => at.fly.log().filter(({ action }) => action === "stop").length;
    const reasons: string[] = [];
    for (let i = 0; i < 8; i++) reasons.push((await at.next(150)).reason);
    expect(stops()).toBe(2);
    expect(reasons.at(-1)).toMatch(/is stuck on the way to serving: not replaced now\./);
    const alone = await world([up(1)], { replacementsPerDay: 2, fly: { capacity: { fra: 2 } } });
    alone.fly.addFault(always);
    await alone.next(150);
    alone.fly.addFault({ kind: "noCapacity", action: "create" });
    for (let i = 0; i < 3; i++) await alone.next(150);
    expect(alone.fly.log().filter(({ action }) => action === "stop").length).toBeLessThanOrEqual(1);
  });

  test("is not replaced where it is pinned, or where a rule keeps the pool", async () => {
    const frozen = await world([up(1), up(2, { state: "stopped" })], { replacementsPerDay: 3 });
    frozen.fly.addFault(slow);
    await frozen.next(150);
    const stuck = frozen.fly.log()[0]!.machineId;
    frozen.history.setPool(POOL, { policy: { pinnedMachineId: stuck } });
    expect((await frozen.next(150)).said).toEqual([]);
    frozen.history.setPool(POOL, { policy: { frozenUntil: frozen.fly.now() + 3_600_000 } });
    expect((await frozen.next(150)).said).toEqual([]);
  });

  test("that fails its checks after it has served is ill, and stays", async () => {
    const at = await world([up(2)], { replacementsPerDay: 3 });
    const ill = at.fly.machines()[0]!;
    (ill as { ready: boolean }).ready = false;
    for (let i = 0; i < 3; i++) expect((await at.next(150)).said).toEqual([]);
    expect(at.phases()[ill.id]).toBe("serving");
  });
});

describe("what is created and not needed for a week", () => {
  test("is destroyed where the owner agrees, one a day, and stays where it does not or has a volume", async () => {
    const live = async (machines: readonly MachineSeed[], destroySurplus: boolean) => {
      const at = await world(machines, { keepCreated: 1, destroySurplus });
      expect((await at.next(50)).said).toEqual(["stop done", "stop done"]);
      // From here on, each fourth is the first tick of its day.
      await at.next(50, 5.5 * HOUR_MS);
      for (let i = 0; i < 10 * 4; i++) await at.next(50, 6 * HOUR_MS);
      return at.states();
    };
    expect(await live([up(3)], true)).toEqual(["started"]);
    expect(await live([up(3)], false)).toEqual(["started", "stopped", "stopped"]);
    expect(await live([up(3, { volume: { name: "data", path: "/data" } })], true)).toHaveLength(3);
  });
});

describe("in any weather", () => {
  test.each([0, 10, 300])(
    "what runs stays within bounds, and in the end nothing is left half done (drain %i s)",
    async (drainSeconds) => {
      for (let seed = 1; seed <= 4; seed++) {
        const random = createRandom(`weather ${drainSeconds} ${seed}`);
        const bounds = { minWorkers: 1, maxWorkers: 4 };
        const at = await world([up(2), up(2, { state: "stopped" })], {
          ...{ drainSeconds, ...bounds, replacementsPerDay: 3, restBy: seed % 2 ? "stop" : "suspend" },
          fly: { seed },
        });
        const foul = (kind: Fault["kind"], probability: number) => at.fly.addFault({ kind, probability });
        for (const kind of ["serverError", "cutAfter", "timeoutAfter", "cutBefore"] as const)
          foul(kind, 0.04);
        at.fly.addFault({ kind: "slowBoot", probability: 0.2, serveDelayMs: 7_200_000 });
        let running = 2;
        let seen = 0;
        for (let slot = 0; slot < 40; slot++) {
          await at.next(random.int(0, 500));
          for (const { action, machineId, at: when } of at.fly.log().slice(seen)) {
            if (action === "start" || action === "create") running += 1;
            if (action === "stop" || action === "suspend") running -= 1;
            const where = `drain ${drainSeconds}, seed ${seed}, ${action} ${machineId} at ${new Date(when).toISOString()}`;
            expect(running, where).toBeGreaterThanOrEqual(bounds.minWorkers);
            expect(running, where).toBeLessThanOrEqual(bounds.maxWorkers);
          }
          seen = at.fly.log().length;
        }
        at.fly.clearFaults();
        for (let slot = 0; slot < 4; slot++) await at.next(150);
        expect(at.fly.machines().filter(({ cordoned }) => cordoned)).toEqual([]);
        expect(at.history.intents().filter(({ closedAt }) => closedAt === null)).toEqual([]);
        expect(
          at.fly.machines().filter(({ lease }) => lease !== null && lease.expiresAt > at.fly.now()),
        ).toEqual([]);
        // Each change answers to its own intent.
        const changes = at.fly.log().filter(({ by }) => by === "api");
        const done = at.history.intents().filter(({ outcome }) => outcome?.status === "done");
        expect(done.length, `drain ${drainSeconds}, seed ${seed}`).toBe(changes.length);
      }
    },
  );
});

describe("min_machines_running kept in step", () => {
  const services = [{ protocol: "tcp", internal_port: 8080, autostop: "stop", autostart: true }];
  const fleet = [up(2, { config: { services } }), up(1, { state: "stopped", config: { services } })];
  const wishes = { minWorkers: 2, keepMinRunning: true } as const;
  const numbers = ({ fly }: Awaited<ReturnType<typeof world>>) =>
    fly.machines().map(({ config }) => config.services?.[0]?.min_machines_running ?? 0);

  test("on what is started and made, and on nothing that runs", async () => {
    const at = await world(fleet, wishes);
    const grown = await at.next(350);
    expect(grown.said).toEqual(["start done", "create done"]);
    expect(grown.evidence[0]).toBe("Fly took the start; min_machines_running set to 2 before");
    expect(grown.reason).toMatch(/kept in step and not 2 yet on 3 of 3 machines/);
    expect(numbers(at)).toEqual([0, 0, 2, 2]);
    const [one, two, third] = at.fly.machines().map(({ id }) => id);
    const ofThird = at.fly.log().filter(({ machineId }) => machineId === third);
    expect(ofThird.map(({ action, from }) => [action, from])).toEqual([
      ["update", "stopped"],
      ["start", "stopped"],
    ]);
    const next = await at.next(350);
    expect(next.reason).toMatch(/not 2 yet on 2 of 4 machines/);
    expect(at.states()).toEqual(["started", "started", "started", "started"]);
    expect(at.fly.log().some(({ machineId }) => machineId === one || machineId === two)).toBe(false);
    expect(at.fly.machines().every(({ lease }) => lease === null)).toBe(true);
  });

  test("converges as machines take turns", async () => {
    const at = await world(fleet, { ...wishes, minWorkers: 1, drainSeconds: 0 });
    for (const load of [350, 50, 350, 50, 350]) await at.next(load);
    const log = at.fly.log();
    const updated = log.filter(({ action }) => action === "update").map(({ machineId }) => machineId);
    expect(updated.length).toBeGreaterThan(1);
    expect(new Set(updated).size, "each once").toBe(updated.length);
    expect(numbers(at).filter((number) => number === 1).length).toBeGreaterThanOrEqual(3);
    for (const entry of log.filter(({ action }) => action === "update")) expect(entry.from).toBe("stopped");
  });

  test("starts the machine all the same where Fly refuses the update, or its answer is lost", async () => {
    for (const fault of [
      { kind: "serverError", action: "update", statusCode: 422 },
      { kind: "cutAfter", action: "update", count: 1 },
      { kind: "cutBefore", action: "update", count: 1 },
    ] as const) {
      const at = await world(fleet, wishes);
      at.fly.addFault(fault);
      const { said, evidence } = await at.next(250);
      expect(said, fault.kind).toEqual(["start done"]);
      expect(evidence[0]).toMatch(/^Fly took the start; min_machines_running may be as it was: /);
      expect(at.fly.log().filter(({ action }) => action === "start")).toHaveLength(1);
    }
  });

  test("not where the policy does not say so, nor in a lower mode, nor with autostop off", async () => {
    const off = await world(fleet, { minWorkers: 2 });
    expect((await off.next(350)).said).toEqual(["start done", "create done"]);
    expect(numbers(off)).toEqual([0, 0, 0, 0]);
    expect(off.log()).not.toContain("update");
    const advising = await world(fleet, wishes);
    advising.history.setPool(POOL, { mode: "advise" });
    await advising.next(350);
    expect(advising.log()).toEqual([]);
    const recommended = await world([up(2), up(1, { state: "stopped" })], wishes);
    expect((await recommended.next(350)).reason).not.toMatch(/Fly Proxy/);
    expect(recommended.log()).not.toContain("update");
    expect(numbers(recommended)).toEqual([0, 0, 0, 0]);
  });
});
