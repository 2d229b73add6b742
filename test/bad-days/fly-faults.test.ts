// Fly answers 429, 500, 408, garbage, cuts the line or answers nothing, on each kind of call: once, or for the whole tick.
// However it was, the intents tell what happened, and the next tick on a good Fly brings the fleet where it belongs.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Fault, FaultKind } from "../../src/sim/fly/faults.ts";
import type { MachineSeed } from "../../src/sim/fly/options.ts";
import { activeOf, changesOf, historyOf, intentsOf, workersOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";
import { type ProcessLab, processLab } from "../support/process-ports.ts";

const CALLS = {
  start: { machines: [{ region: "fra" }, { region: "fra", state: "stopped" }], load: 900, to: 2 },
  create: { machines: [{ region: "fra" }], load: 900, to: 2 },
  stop: { machines: [{ region: "fra", count: 2 }], load: 10, to: 1 },
  list: { machines: [{ region: "fra" }, { region: "fra", state: "stopped" }], load: 900, to: 2 },
} satisfies Record<string, { machines: readonly MachineSeed[]; load: number; to: number }>;
type CallName = keyof typeof CALLS;

const SENT_KINDS = [
  "rateLimited",
  "serverError",
  "timeoutBefore",
  "timeoutAfter",
  "garbage",
  "cutBefore",
  "cutAfter",
] as const;
const DONE_ANYWAY: ReadonlySet<FaultKind> = new Set(["timeoutAfter", "cutAfter"]);
const CASES = (Object.keys(CALLS) as CallName[]).flatMap((call) =>
  [...SENT_KINDS, "hang" as const].map((kind) => ({ call, kind })),
);

const appOf = (call: string, kind: string, length: string) => `${call}-${kind}-${length}`.toLowerCase();
let lab: Lab;
let patient: ProcessLab;
beforeAll(async () => {
  const faulty = CASES.flatMap(({ call, kind }) =>
    ["once", "always"].map((length) => [appOf(call, kind, length), CALLS[call].machines] as const),
  );
  const more: [string, readonly MachineSeed[]][] = [
    ["told-to-wait", CALLS.start.machines],
    ["told-to-wait-long", CALLS.start.machines],
    ["two-regions", [{ region: "fra" }, { region: "syd" }]],
    ["full-host", [{ region: "fra" }, { region: "fra", state: "stopped" }]],
  ];
  lab = await startLab(Object.fromEntries([...faulty, ...more]));
  patient = processLab(lab, 100);
});
afterAll(async () => {
  await patient.close();
  await lab.close();
});
/** All apps are in one region, whose breaker would remember the faults of the tests before. */
afterEach(async () => {
  lab.fly.clearFaults();
  await lab.sql`select flyahead_api.reset_breaker(name) from flyahead_api.breakers`;
});

async function prepare(app: string, load: number, wishes = {}): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, max_workers: 4, ...wishes });
  lab.nextSlot();
  await lab.feed(app, 60, load);
}

/** Through the real function; where Fly hangs in this process, which waits a tenth of a second for Fly and not ten. */
async function tick(app: string, fault: Fault) {
  if (fault.kind === "hang") return patient.run(app, {}, {});
  return (await lab.tick(app)).body.apps[0];
}

describe.each(CASES)("$kind on $call", ({ call, kind }) => {
  const { load, to } = CALLS[call];

  test("once: the same tick copes", async () => {
    const app = appOf(call, kind, "once");
    await prepare(app, load);
    const fault = { kind, action: call, app, count: 1 };
    lab.fly.addFault(fault);
    expect(await tick(app, fault)).toMatchObject({ app, status: "done" });
    expect(
      lab.fly.faults().filter(({ count }) => count === 1),
      "the fault did not hit",
    ).toEqual([]);
    const move = call === "list" ? "start" : call;
    expect((await intentsOf(lab.sql, app)).map(({ kind, status }) => [kind, status])).toEqual([
      [move, "done"],
    ]);
    expect(changesOf(lab.fly, app)).toHaveLength(1);
    expect(activeOf(lab.fly, app)).toBe(to);
  });

  test("for the whole tick: it is written down, and the next tick makes it good", async () => {
    const app = appOf(call, kind, "always");
    await prepare(app, load);
    const known = await workersOf(lab.sql, app);
    const fault = { kind, action: call, app };
    lab.fly.addFault(fault);
    expect(await tick(app, fault)).toMatchObject({ app, status: "done" });
    const intents = await intentsOf(lab.sql, app);
    if (call === "list") {
      expect(intents).toEqual([]);
      const [decision] = (await historyOf(lab.sql, app)).slice(-1);
      expect(decision).toMatchObject({ kind: "hold" });
      expect(decision?.reason).toMatch(/machines is missing: Cannot list/);
      expect(await workersOf(lab.sql, app), "the books forget nothing").toEqual(known);
    } else {
      expect(intents).toHaveLength(1);
      const expected = kind === "rateLimited" ? "refused" : DONE_ANYWAY.has(kind) ? "done" : "unknown";
      expect(intents[0]).toMatchObject({ kind: call, status: expected });
      expect(intents[0]?.closed_at === null, "unknown stays open").toBe(expected === "unknown");
    }
    lab.fly.clearFaults();
    lab.nextSlot();
    await lab.feed(app, 15, load);
    expect((await lab.tick(app)).body.apps[0].status).toBe("done");
    const after = await intentsOf(lab.sql, app);
    expect(after.filter(({ closed_at }) => closed_at === null)).toEqual([]);
    expect(after.filter(({ status }) => status === "done")).toHaveLength(1);
    expect(changesOf(lab.fly, app)).toHaveLength(1);
    expect(activeOf(lab.fly, app)).toBe(to);
  });
});

describe("Retry-After", () => {
  test("is waited for, in the simulator's time", async () => {
    await prepare("told-to-wait", 900);
    lab.fly.addFault({
      kind: "rateLimited",
      action: "start",
      app: "told-to-wait",
      count: 1,
      retryAfterSeconds: 7,
    });
    const before = lab.fly.now();
    await lab.tick("told-to-wait");
    expect(changesOf(lab.fly, "told-to-wait")[0]!.at - before).toBeGreaterThanOrEqual(7_000);
    expect((await intentsOf(lab.sql, "told-to-wait"))[0]?.status).toBe("done");
  });

  test("past the deadline is not waited for: the action is refused, with Fly's word", async () => {
    const app = "told-to-wait-long";
    await prepare(app, 900);
    lab.fly.addFault({ kind: "rateLimited", action: "start", app, count: 1, retryAfterSeconds: 600 });
    const before = lab.fly.now();
    await lab.tick(app);
    expect(lab.fly.now() - before).toBeLessThan(100_000);
    const [intent] = await intentsOf(lab.sql, app);
    expect(intent).toMatchObject({ status: "refused", evidence: expect.stringMatching(/429.*wait 600 s/s) });
    lab.nextSlot();
    await lab.feed(app, 15, 900);
    await lab.tick(app);
    expect(activeOf(lab.fly, app)).toBe(2);
  });
});

describe("without room", () => {
  test("a full region is refused and written down; the other one grows", async () => {
    const app = "two-regions";
    lab.nextSlot();
    await lab.adopt(app, { unserved_price: 2 });
    lab.nextSlot();
    for (const region of ["fra", "syd"]) await lab.feed(app, 60, 900, region);
    lab.fly.addFault({ kind: "noCapacity", action: "create", app, region: "syd" });
    const { body } = await lab.tick(app);
    const told = body.apps[0].pools.map(
      (pool: { pool: { region: string }; actions: { outcome: { status: string } }[] }) => [
        pool.pool.region,
        pool.actions.map(({ outcome }) => outcome.status),
      ],
    );
    expect(Object.fromEntries(told)).toEqual({ fra: ["done"], syd: ["refused"] });
    const refused = (await intentsOf(lab.sql, app)).find(({ region }) => region === "syd");
    expect(refused).toMatchObject({
      status: "refused",
      evidence: expect.stringMatching(/422.*no room there/s),
    });
    expect(refused?.closed_at).not.toBeNull();
    expect([activeOf(lab.fly, app, "fra"), activeOf(lab.fly, app, "syd")]).toEqual([2, 1]);
  });

  test("a host without room for a stopped machine: refused now, asked again at the next slot", async () => {
    const app = "full-host";
    await prepare(app, 900);
    lab.fly.addFault({ kind: "hostFull", action: "start", app, count: 1 });
    await lab.tick(app);
    expect((await intentsOf(lab.sql, app))[0]).toMatchObject({
      kind: "start",
      status: "refused",
      evidence: expect.stringMatching(/409/),
    });
    lab.nextSlot();
    await lab.feed(app, 15, 900);
    await lab.tick(app);
    expect(activeOf(lab.fly, app)).toBe(2);
  });
});
