// A tick through the real guard and the real Fly client, on the simulated Fly with its limits on, over calls that take their
// time and overlap: more than forty creates in three regions (in one of them with volumes), sixty starts, and a region that shrinks.
import { beforeAll, describe, expect, test } from "vitest";
import { createFlyMachineApi } from "../../src/adapters/fly/machine-api.ts";
import { createBreakers } from "../../src/adapters/guard/breakers.ts";
import { createGuard } from "../../src/adapters/guard/guard.ts";
import { guardMachineApi } from "../../src/adapters/guard/machine-api.ts";
import { createMeasures } from "../../src/adapters/guard/measures.ts";
import { createMemoryBreakerStore } from "../../src/adapters/memory/breaker-store.ts";
import { createMemoryCallLimit } from "../../src/adapters/memory/call-limit.ts";
import { type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import type { TickPorts } from "../../src/ports.ts";
import { createFly, type Fly } from "../../src/sim/fly/fly.ts";
import { createRandom } from "../../src/sim/random.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, NOW } from "../core/examples.ts";
import { memoryScene, type Scene, SETTINGS } from "../support/memory-ports.ts";
import { createTimerClock, type TimerClock } from "../support/timer-clock.ts";

const APP = "shop";
/** By region: machines that run, that stand, and how many shall run. */
const REGIONS = {
  fra: { up: 1, off: 25, to: 56 },
  ams: { up: 1, off: 20, to: 30 },
  sin: { up: 1, off: 15, to: 18 },
  iad: { up: 6, off: 0, to: 1 },
} as const;
const STARTS = 60;
const CREATES = { fra: 30, ams: 9, sin: 2 } as const;

type World = { fly: Fly; clock: TimerClock; scene: Scene; ports: TickPorts };

async function world(): Promise<World> {
  const clock = createTimerClock(NOW - CADENCE_MS);
  const seeds = (region: string, { up, off }: { up: number; off: number }) => {
    const disk = region === "ams" ? { volume: { name: "data", path: "/data" } } : {};
    return [
      { region, processGroup: "web", count: up, ...disk },
      { region, processGroup: "web", count: off, state: "stopped" as const, ...disk },
    ];
  };
  const machines = Object.entries(REGIONS).flatMap(([region, counts]) => seeds(region, counts));
  const fly = createFly({
    seed: 5,
    start: clock.now(),
    callMs: 0,
    apps: [{ name: APP, machines: machines.filter(({ count }) => count > 0) }],
  });
  const scene = memoryScene({}, clock.now());
  const limit = createMemoryCallLimit(clock.now);
  const guard = createGuard({
    clock,
    chance: () => 0.5,
    breakers: createBreakers({
      store: createMemoryBreakerStore(clock.now),
      clock,
      chance: () => 0.5,
      log: () => {},
    }),
    measures: createMeasures(),
    limits: { read: limit, write: limit },
  });
  const api = createFlyMachineApi({
    baseUrl: "http://fly.test",
    tokens: "fm2_test",
    fetch: slowly(fly, clock),
    timeoutMs: 60 * SECOND_MS,
    clock,
    pace: clock,
  });
  const ports = { ...scene.ports, clock, machineApi: guardMachineApi(api, guard) };
  const all = { fly, clock, scene, ports };
  await tick(all, "observe");
  for (const [region, { to }] of Object.entries(REGIONS)) {
    const policy = { minWorkers: to, maxWorkers: to, cooldownSeconds: 0, stabilisationSeconds: 0 };
    scene.ports.history.setPool({ app: APP, processGroup: "web", region }, { mode: "act", policy });
  }
  return all;
}

/** Each call is up to 800 ms on its way and as long on its way back. */
function slowly(fly: Fly, clock: TimerClock): typeof fetch {
  const random = createRandom("delays");
  return async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    const headers = Object.fromEntries(new Headers(init?.headers));
    await clock.sleep(random.int(20, 800));
    fly.advanceTo(clock.now());
    const answer = fly.handle({ method: init?.method ?? "GET", path: `${pathname}${search}`, headers, body });
    await clock.sleep(random.int(20, 800));
    return Response.json(answer.body, { status: answer.status });
  };
}

async function tick(
  { clock, scene, ports }: World,
  mode: "observe" | "act",
  deadlineMs = SETTINGS.deadlineMs,
) {
  const slot: Instant = Math.floor(clock.now() / CADENCE_MS) * CADENCE_MS;
  scene.ports.clock.set(clock.now());
  const run = runTick({ slot, mode, apps: [APP] }, { ...SETTINGS, deadlineMs }, ports);
  const { apps } = await clock.drive(run);
  if (apps[0]?.status !== "done") throw new Error(JSON.stringify(apps));
  return apps[0].pools.flatMap(({ pool, actions }) =>
    actions.map(({ kind, outcome }) => ({ kind, region: pool.region, ...outcome! })),
  );
}

/** Moves on to the next slot; until then iad was quiet. */
async function nextSlot({ clock, ports }: World): Promise<void> {
  await clock.drive(clock.sleep(CADENCE_MS - (clock.now() % CADENCE_MS)));
  const pool = { app: APP, processGroup: "web", region: "iad" };
  const quiet = Array.from({ length: 60 }, (_, i) => ({
    pool,
    at: clock.now() - (60 - i) * MINUTE_MS,
    requests: 1,
  }));
  await ports.samples.store(quiet, clock.now());
}

const refusals = (fly: Fly) => Object.keys(fly.tally()).filter((call) => call.endsWith(" 429"));
const changes = (fly: Fly) => fly.log().filter(({ by }) => by !== "fault");
const runningIn = (fly: Fly) =>
  Object.fromEntries(
    Object.keys(REGIONS).map((region) => {
      const there = fly.machines().filter((machine) => machine.region === region);
      return [region, there.filter(({ state }) => state !== "stopped" && state !== "stopping").length];
    }),
  );
const WANTED = Object.fromEntries(Object.entries(REGIONS).map(([region, { to }]) => [region, to]));

describe("with time enough", () => {
  let at: World;
  let outcomes: Awaited<ReturnType<typeof tick>>;
  beforeAll(async () => {
    at = await world();
    await nextSlot(at);
    outcomes = await tick(at, "act");
  });

  test("everything is done in one tick, and Fly refuses nothing", () => {
    expect(outcomes.filter(({ status }) => status !== "done")).toEqual([]);
    expect(runningIn(at.fly)).toEqual(WANTED);
    expect(refusals(at.fly)).toEqual([]);
    expect(outcomes.filter(({ kind }) => kind === "start")).toHaveLength(STARTS);
  });

  test("creates take no longer than their pace, and starts do not wait for them", () => {
    const all = Object.values(CREATES).reduce((a, b) => a + b, 0);
    const times = (action: string) =>
      changes(at.fly).flatMap((entry) => (entry.action === action ? [entry.at] : []));
    expect(times("create")).toHaveLength(all);
    expect(Math.max(...times("create")) - NOW).toBeLessThan((all + 5) * SECOND_MS);
    expect(Math.max(...times("start")) - NOW).toBeLessThan(12 * SECOND_MS);
  });

  test("the whole app has grown before any of it shrinks", () => {
    const kinds = changes(at.fly).map(({ action }) => action);
    expect(kinds).toContain("stop");
    expect(kinds.slice(kinds.indexOf("stop"))).not.toContain("create");
  });

  test("the region that wants two is served among the first of those that want thirty", () => {
    const regions = changes(at.fly).flatMap(({ action, region }) => (action === "create" ? [region] : []));
    expect(regions.lastIndexOf("sin")).toBeLessThan(8);
  });
});

describe("with too little time", () => {
  test("the rest is left with its reason, and the next ticks go on with it: nothing lost, nothing twice", async () => {
    const at = await world();
    let ticks = 0;
    let left = 0;
    do {
      await nextSlot(at);
      const outcomes = await tick(at, "act", 15 * SECOND_MS);
      const rest = outcomes.filter(({ status }) => status !== "done");
      left += rest.length;
      for (const { status, evidence } of rest) {
        expect([status, evidence]).toEqual(["refused", expect.stringMatching(/^left to the next tick: /)]);
      }
      const open = at.scene.ports.history.intents().filter(({ outcome }) => outcome === null);
      expect(open, "intents that are open").toEqual([]);
      ticks += 1;
    } while (JSON.stringify(runningIn(at.fly)) !== JSON.stringify(WANTED) && ticks < 8);
    expect(runningIn(at.fly)).toEqual(WANTED);
    expect(refusals(at.fly)).toEqual([]);
    expect(left).toBeGreaterThan(20);
    const made = changes(at.fly).filter(({ action }) => action === "create");
    expect(made).toHaveLength(41);
    expect(new Set(made.map(({ name }) => name)).size).toBe(41);
    const moved = changes(at.fly).flatMap(({ action, machineId }) =>
      action === "create" ? [] : [machineId],
    );
    expect(new Set(moved).size, "each was moved once").toBe(moved.length);
  });
});
