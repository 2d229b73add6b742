// The fence. A tick that was thought dead wakes up after a newer one took over: wherever it stood, it writes nothing more,
// stops nothing more, and does not close or free what is not its own.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TickPorts } from "../../src/ports.ts";
import { activeOf, changesOf, historyOf, intentsOf, leaseOf, ticksOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";
import { type ProcessLab, processLab } from "../support/process-ports.ts";

let lab: Lab;
let local: ProcessLab;
beforeAll(async () => {
  const shrinking = [{ region: "fra", count: 4 }] as const;
  lab = await startLab({
    "asleep-before-open": shrinking,
    "asleep-before-stop": shrinking,
    "asleep-before-close": shrinking,
    "asleep-next-slot": shrinking,
    "books-silent": shrinking,
  });
  local = processLab(lab);
});
afterAll(async () => {
  await local.close();
  await lab.close();
});

async function prepare(app: string): Promise<void> {
  lab.nextSlot();
  await local.run(app);
  await lab.sql`update flyahead.worker_regions set mode = 'act', unserved_price = 2 where app = ${app}`;
  lab.nextSlot();
  await local.feed(app, 60, 10);
}

/** Ports of a tick that falls asleep at the first call of `method` in `room`, until it is woken. */
function sleepy<Room extends "history" | "leases" | "machineApi">(room: Room, method: keyof TickPorts[Room]) {
  let fallAsleep = () => {};
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => {
    fallAsleep = resolve;
  });
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const port = local.ports[room];
  const real = port[method] as (...args: unknown[]) => Promise<unknown>;
  const slow = async (...args: unknown[]) => {
    fallAsleep();
    await woken;
    return real(...args);
  };
  return { ports: { [room]: { ...port, [method]: slow } } as Partial<TickPorts>, asleep, wake };
}

async function snapshot(app: string) {
  return {
    history: await historyOf(lab.sql, app),
    intents: await intentsOf(lab.sql, app),
    ticks: await ticksOf(lab.sql, app),
    lease: await leaseOf(lab.sql, app),
    changes: changesOf(lab.fly, app).length,
  };
}

describe("an old tick that wakes up", () => {
  test.each([
    ["before its intents are written", "asleep-before-open", "history", "openTick"],
    ["before its first stop", "asleep-before-stop", "leases", "isHeld"],
    ["before its outcomes are written", "asleep-before-close", "history", "closeTick"],
  ] as const)("%s changes nothing", async (_, app, room, method) => {
    await prepare(app);
    const { ports, asleep, wake } = sleepy(room as never, method as never);
    const old = local.run(app, ports);
    await asleep;
    await local.elapseLease(app);
    expect(await local.run(app)).toMatchObject({ status: "done", attempt: 2 });
    expect(activeOf(lab.fly, app)).toBe(1);
    const before = await snapshot(app);
    wake();
    const answer = await old;
    expect(answer).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/fence \d+ is no longer held; a newer tick took over/),
    });
    expect(await snapshot(app)).toEqual(before);
    expect(before.intents.every(({ closed_at }) => closed_at !== null)).toBe(true);
  });

  test("while the newer tick is at work on the next slot: it does not free that one's lease", async () => {
    const app = "asleep-next-slot";
    await prepare(app);
    const old = sleepy("leases", "isHeld");
    const first = local.run(app, old.ports);
    await old.asleep;
    await local.elapseLease(app);
    lab.nextSlot();
    await local.feed(app, 15, 10);
    const newer = sleepy("history", "closeTick");
    const second = local.run(app, newer.ports);
    await newer.asleep;
    const { fence } = (await leaseOf(lab.sql, app))!;
    old.wake();
    expect((await first).status).toBe("failed");
    expect(await leaseOf(lab.sql, app)).toEqual({ fence, held: true });
    expect((await lab.tick(app)).status, "the lock of the newer one stands too").toBe(409);
    newer.wake();
    expect(await second).toMatchObject({ status: "done", attempt: 1 });
    expect(activeOf(lab.fly, app)).toBe(1);
    expect(changesOf(lab.fly, app)).toHaveLength(3);
  });
});

test("books that cannot say whether the lease is held stop nothing", async () => {
  const app = "books-silent";
  await prepare(app);
  const leases = { ...local.ports.leases, isHeld: () => Promise.reject(new Error("connection reset")) };
  expect(await local.run(app, { leases })).toMatchObject({ status: "done" });
  expect(changesOf(lab.fly, app)).toEqual([]);
  const intents = await intentsOf(lab.sql, app);
  expect(intents).toHaveLength(3);
  expect(
    intents.every(({ status, evidence }) => status === "refused" && /lease was lost/.test(evidence ?? "")),
  ).toBe(true);
});
