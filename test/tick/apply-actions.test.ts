import { describe, expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import { type Machine, poolName } from "../../src/core/fleet.ts";
import { DAY_MS } from "../../src/core/time.ts";
import type { MachineApiErrorKind } from "../../src/errors.ts";
import type { Intent, Lease } from "../../src/ports.ts";
import { applyActions } from "../../src/tick/apply-actions.ts";
import { machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene, type Scene } from "../support/memory-ports.ts";

const DEADLINE = NOW + 100_000;
const start = (machineId: string): Action => ({ kind: "start", machineId });
const stop = (machineId: string): Action => ({ kind: "stop", machineId });
const create = (machineName: string): Action => ({ kind: "create", machineName, templateId: "up" });

function scene(machines: readonly Machine[] = [machine("up"), machine("down", { state: "stopped" })]): Scene {
  return memoryScene({ shop: machines });
}

async function leaseIn({ ports }: Scene): Promise<Lease> {
  const answer = await ports.leases.acquire("shop", NOW, 150_000);
  if (answer.status !== "held") throw new Error(answer.status);
  return answer.lease;
}

async function apply(at: Scene, actions: readonly Action[], deadline = DEADLINE, lease?: Lease) {
  const intents: Intent[] = actions.map((action, i) => ({ id: `${i}`, pool: POOL, action, openedAt: NOW }));
  const outcomes = await applyActions(intents, lease ?? (await leaseIn(at)), deadline, at.ports);
  return outcomes.sort((a, b) => Number(a.intentId) - Number(b.intentId)).map(({ outcome }) => outcome);
}

const LEFT = "left to the next tick: the tick's deadline was reached";
const changing = (calls: readonly string[]) => calls.filter((call) => /^(start|stop|create) /.test(call));

describe("a good Fly", () => {
  test("grows before it shrinks; every intent gets its outcome", async () => {
    const at = scene([machine("up"), machine("up2"), machine("down", { state: "stopped" })]);
    const outcomes = await apply(at, [stop("up2"), create("new"), start("down")]);
    expect(at.calls).toEqual(["start down", "create new", "stop up2"]);
    expect(outcomes).toEqual([
      { status: "done", machineId: "up2", evidence: "Fly took the stop" },
      { status: "done", machineId: expect.any(String), evidence: "created, started" },
      { status: "done", machineId: "down", evidence: "Fly took the start" },
    ]);
  });

  test("what stands as wanted is alreadyDone", async () => {
    expect(await apply(scene(), [start("up"), stop("down")])).toMatchObject([
      { status: "alreadyDone", evidence: "was started before" },
      { status: "alreadyDone", evidence: "was stopped before" },
    ]);
  });

  test("nothing to do asks nothing", async () => {
    const at = scene();
    expect(await apply(at, [])).toEqual([]);
    expect(at.calls).toEqual([]);
  });
});

test("a destroy takes what stands still and has no volume, and nothing else", async () => {
  const at = scene();
  at.ports.machineApi.put("shop", machine("spare", { state: "stopped", hasVolume: false }));
  const destroy = (machineId: string): Action => ({ kind: "destroy", machineId });
  const outcomes = await apply(at, [destroy("spare"), destroy("down"), destroy("up")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["done", "refused", "refused"]);
  expect((await at.ports.machineApi.list("shop")).map(({ id }) => id)).not.toContain("spare");
});

describe("a machine that comes to rest", () => {
  const rest = (kind: "stop" | "suspend" = "stop"): Action[] => [
    { kind: "cordon", machineId: "up", drainSeconds: 10 },
    { kind, machineId: "up" },
    { kind: "uncordon", machineId: "up" },
  ];

  test("is out of routing for a while before it stops, and back in it after", async () => {
    const at = scene();
    expect(await apply(at, rest())).toMatchObject([
      { status: "done" },
      { status: "done" },
      { status: "done" },
    ]);
    expect(at.calls).toEqual(["cordon up", "stop up", "uncordon up"]);
    expect(at.ports.clock.now() - NOW).toBe(10_000);
  });

  test("stays as it is where somebody else has cordoned it in the meantime", async () => {
    const at = scene([machine("up", { cordoned: true })]);
    const outcomes = await apply(at, rest());
    expect(outcomes.map(({ status }) => status)).toEqual(["alreadyDone", "refused", "refused"]);
    expect(outcomes[1]?.evidence).toMatch(/somebody else took it out of routing/);
    expect(at.calls).toEqual(["cordon up"]);
  });

  test("is found cordoned where the answer was lost, and goes on", async () => {
    const at = scene();
    at.fail("cordon", ["ambiguous"], { after: true });
    expect((await apply(at, rest())).map(({ status }) => status)).toEqual(["done", "done", "done"]);
    expect(at.calls).toEqual(["cordon up", "get up", "stop up", "uncordon up"]);
  });

  test("is stopped where Fly cannot suspend it, and the outcome says why", async () => {
    const at = scene();
    at.fail("suspend", ["invalid"]);
    const [, suspended] = await apply(at, rest("suspend"));
    expect(suspended).toMatchObject({ status: "done", evidence: "stopped instead: Fly said invalid" });
    expect((await at.ports.machineApi.list("shop")).find(({ id }) => id === "up")?.state).toBe("stopped");
  });

  test("is not even taken out of routing by a tick that lost its lease", async () => {
    const at = scene();
    const lease = await leaseIn(at);
    at.database.leases.get("shop")!.fence += 1;
    expect((await apply(at, rest(), DEADLINE, lease)).map(({ status }) => status)).toEqual([
      "refused",
      "refused",
      "refused",
    ]);
    expect(at.calls).toEqual([]);
  });
});

test("waves stay in order, and pools take turns within each of them", async () => {
  const quiet = { ...POOL, region: "sin" };
  const at = scene([
    ...["up", "stuck", "q-old"].map((id) => machine(id)),
    ...["c1", "c2", "q1", "q2"].map((id) => machine(id, { state: "stopped" })),
  ]);
  const rest: Action[] = [
    { kind: "cordon", machineId: "q-old", drainSeconds: 10 },
    stop("q-old"),
    { kind: "uncordon", machineId: "q-old" },
  ];
  const ofQuiet: Action[] = [...rest, start("q1"), start("q2"), create("q3")];
  const ofCritical: Action[] = [
    start("c1"),
    { kind: "start", machineId: "c2", insteadOf: "stuck" },
    { kind: "stop", machineId: "stuck", because: "stuck" },
    create("c3"),
    create("c4"),
  ];
  const intents = [
    ...ofQuiet.map((action): Intent => ({ id: "", pool: quiet, action, openedAt: NOW })),
    ...ofCritical.map((action): Intent => ({ id: "", pool: POOL, action, openedAt: NOW })),
  ];
  const severities = new Map([[poolName(POOL), "critical" as const]]);
  await applyActions(intents, await leaseIn(at), DEADLINE, at.ports, severities);
  const called = (kinds: RegExp) => at.calls.filter((call) => kinds.test(call));
  expect(called(/^start /)).toEqual(["start c1", "start c2", "start q1", "start q2"]);
  expect(called(/^create /)).toEqual(["create c3", "create c4", "create q3"]);
  expect(at.calls[0]).toBe("stop stuck");
  expect(at.calls.slice(-3)).toEqual(["cordon q-old", "stop q-old", "uncordon q-old"]);
  expect(at.ports.clock.now() - NOW, "a create waited for its turn, then one machine drained").toBe(11_000);
});

describe("refusals", () => {
  test.each<[MachineApiErrorKind, string]>([
    ["capacity", "refused"],
    ["quota", "refused"],
    ["auth", "refused"],
    ["leaseHeld", "refused"],
    ["wrongState", "refused"],
    ["versionMoved", "refused"],
    ["notFound", "failed"],
    ["invalid", "failed"],
  ])("%s is %s, after one call, with Fly's words; the other actions go on", async (kind, status) => {
    const at = scene();
    at.fail("start", [kind]);
    const outcomes = await apply(at, [start("down"), create("new")]);
    expect(outcomes[0]).toEqual({ status, machineId: "down", evidence: `Fly said ${kind}` });
    expect(outcomes[1]?.status).toBe("done");
    expect(changing(at.calls)).toEqual(["start down", "create new"]);
  });

  test.each<MachineApiErrorKind>(["rateLimited", "transient"])(
    "%s is tried again, after a pause that grows",
    async (kind) => {
      const at = scene();
      at.fail("start", [kind, kind]);
      expect(await apply(at, [start("down")])).toMatchObject([{ status: "done" }]);
      expect(at.ports.clock.now()).toBe(NOW + 3_000);
    },
  );

  test.each<[MachineApiErrorKind, string]>([
    ["rateLimited", "refused"],
    ["transient", "failed"],
  ])("%s three times over is %s", async (kind, status) => {
    const at = scene();
    at.fail("start", [kind, kind, kind]);
    expect(await apply(at, [start("down")])).toMatchObject([{ status }]);
    expect(at.calls).toEqual(["start down", "start down", "start down"]);
  });

  test("an error that is nobody's is unknown: it may have been done", async () => {
    const at = scene();
    const fail = () => Promise.reject(new Error("out of memory"));
    const ports = { ...at.ports, machineApi: { ...at.ports.machineApi, start: fail } };
    const lease = await leaseIn(at);
    const intent = { id: "1", pool: POOL, action: start("down"), openedAt: NOW };
    expect(await applyActions([intent], lease, DEADLINE, ports)).toEqual([
      { intentId: "1", outcome: { status: "unknown", machineId: "down", evidence: "out of memory" } },
    ]);
  });
});

describe("want of room", () => {
  const lessons = async (at: Scene, actions: readonly Action[]) => {
    const intents = actions.map((action, i) => ({ id: `${i}`, pool: POOL, action, openedAt: NOW }));
    return applyActions(intents, await leaseIn(at), DEADLINE, at.ports);
  };

  test.each([
    ["start", start("down"), "host", "down"],
    ["create", create("new"), "region", null],
    ["create", create("new"), "volume", null],
  ] as const)("of a %s is refused and taught: %j has none (%s)", async (method, action, scope, machineId) => {
    const at = scene();
    at.fail(method, ["capacity"], { scope });
    const [only] = await lessons(at, [action]);
    expect(only).toMatchObject({
      outcome: { status: "refused" },
      noRoom: { machineId, since: NOW, why: scope },
    });
    expect(changing(at.calls)).toHaveLength(1);
  });

  test("of one host is tried once more for a create, which may land on another", async () => {
    const at = scene();
    at.fail("create", ["capacity"], { scope: "host" });
    const [only] = await lessons(at, [create("new")]);
    expect(only).toEqual({ intentId: "0", outcome: expect.objectContaining({ status: "done" }) });
    expect(changing(at.calls)).toEqual(["create new", "create new"]);
  });

  test("in a region that Fly closed lasts a day", async () => {
    const at = scene();
    at.fail("create", ["regionClosed"]);
    const [only] = await lessons(at, [create("new")]);
    expect(only).toMatchObject({
      outcome: { status: "refused" },
      noRoom: { why: "closed", until: NOW + DAY_MS },
    });
  });

  test("is nothing that other refusals teach", async () => {
    const at = scene();
    at.fail("create", ["quota"]);
    expect(await lessons(at, [create("new")])).toEqual([
      { intentId: "0", outcome: { status: "refused", machineId: null, evidence: "Fly said quota" } },
    ]);
  });
});

describe("an answer that was lost", () => {
  test.each([
    ["start", start("down"), "get down", "found started after: Fly said ambiguous"],
    ["stop", stop("up"), "get up", "found stopped after: Fly said ambiguous"],
    ["create", create("new"), "list shop", "found by its name after: Fly said ambiguous"],
  ] as const)("%s that was done: looked up, not repeated", async (method, action, look, evidence) => {
    const at = scene();
    at.fail(method, ["ambiguous"], { after: true });
    expect(await apply(at, [action])).toMatchObject([{ status: "done", evidence }]);
    expect(changing(at.calls)).toHaveLength(1);
    expect(at.calls.at(-1)).toBe(look);
  });

  test.each([
    ["start", start("down")],
    ["stop", stop("up")],
    ["create", create("new")],
  ] as const)("%s that was not done: looked up, then repeated", async (method, action) => {
    const at = scene();
    at.fail(method, ["ambiguous"]);
    expect(await apply(at, [action])).toMatchObject([{ status: "done" }]);
    expect(changing(at.calls)).toHaveLength(2);
  });

  test("a create that is not listed yet is refused by its name, and waited for", async () => {
    const at = scene();
    at.fail("create", ["ambiguous"], { after: true });
    at.fail("list", ["transient"]);
    expect(await apply(at, [create("new")])).toMatchObject([
      { status: "done", evidence: expect.stringMatching(/found by its name/) },
    ]);
    expect(at.calls).toEqual(["create new", "list shop", "create new", expect.stringMatching(/^get /)]);
    expect((await at.ports.machineApi.list("shop")).filter(({ name }) => name === "new")).toHaveLength(1);
  });

  test("a create whose name is taken is found by its holder's id at once, though the list lags", async () => {
    const at = scene();
    at.fail("create", ["ambiguous"], { after: true });
    const list = async () => [];
    const ports = { ...at.ports, machineApi: { ...at.ports.machineApi, list } };
    const intent = { id: "1", pool: POOL, action: create("new"), openedAt: NOW };
    const [only] = await applyActions([intent], await leaseIn(at), DEADLINE, ports);
    expect(only?.outcome).toMatchObject({
      status: "done",
      evidence: expect.stringMatching(/found by its name/),
    });
    expect((await at.ports.machineApi.get("shop", only!.outcome.machineId!)).name).toBe("new");
  });

  test("whose traces stay hidden is unknown, not failed", async () => {
    const at = scene();
    at.fail("start", ["ambiguous", "ambiguous", "ambiguous"]);
    at.fail("get", ["transient", "transient", "transient"]);
    expect(await apply(at, [start("down")])).toEqual([
      { status: "unknown", machineId: "down", evidence: "Fly said ambiguous" },
    ]);
  });

  test("stays unknown where the next try is refused for good", async () => {
    const at = scene();
    at.fail("create", ["ambiguous", "capacity"]);
    expect(await apply(at, [create("new")])).toMatchObject([{ status: "unknown", machineId: null }]);
  });
});

describe("the deadline", () => {
  test("starts nothing once it is reached", async () => {
    const at = scene();
    const outcomes = await apply(at, [start("down"), create("new"), stop("up")], NOW);
    expect(outcomes).toEqual([
      { status: "refused", machineId: "down", evidence: LEFT },
      { status: "refused", machineId: null, evidence: LEFT },
      { status: "refused", machineId: "up", evidence: LEFT },
    ]);
    expect(at.calls).toEqual([]);
  });

  test("a wait that would pass it is not begun", async () => {
    const at = scene();
    at.fail("start", ["rateLimited"], { retryAfterMs: 100_000 });
    expect(await apply(at, [start("down")])).toMatchObject([
      { status: "refused", evidence: "Fly said rateLimited" },
    ]);
    expect(at.ports.clock.now()).toBe(NOW);
  });

  test("between an unclear answer and the next try leaves it unknown", async () => {
    const at = scene();
    at.fail("start", ["ambiguous"]);
    expect(await apply(at, [start("down")], NOW + 500)).toMatchObject([{ status: "unknown" }]);
  });
});

describe("the fence", () => {
  test("a lost lease stops nothing, and still grows", async () => {
    const at = scene();
    const lease = await leaseIn(at);
    await at.ports.leases.release(lease);
    const outcomes = await apply(at, [start("down"), stop("up")], DEADLINE, lease);
    expect(outcomes).toMatchObject([
      { status: "done" },
      { status: "refused", evidence: "the lease was lost to a newer tick" },
    ]);
    expect(changing(at.calls)).toEqual(["start down"]);
  });

  test("is read before each stop and each try of it", async () => {
    const at = scene([machine("a"), machine("b"), machine("c")]);
    let reads = 0;
    const leases = { ...at.ports.leases, isHeld: async () => ++reads <= 2 };
    at.fail("stop", ["transient"]);
    const intents = ["a", "b"].map((id) => ({ id, pool: POOL, action: stop(id), openedAt: NOW }));
    const outcomes = await applyActions(intents, await leaseIn(at), DEADLINE, { ...at.ports, leases });
    expect(outcomes.map(({ outcome }) => outcome.status).sort()).toEqual(["done", "refused"]);
    expect(reads).toBe(3);
  });

  test("books that do not answer count as a lost lease", async () => {
    const at = scene();
    const leases = { ...at.ports.leases, isHeld: () => Promise.reject(new Error("reset")) };
    const intent = { id: "1", pool: POOL, action: stop("up"), openedAt: NOW };
    const [only] = await applyActions([intent], await leaseIn(at), DEADLINE, { ...at.ports, leases });
    expect(only?.outcome.status).toBe("refused");
    expect(at.calls).toEqual([]);
  });
});
