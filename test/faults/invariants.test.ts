// The invariants can fail: on evidence that was doctored, and on a tick that goes by a lease which it has lost.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogEntry } from "../../src/sim/fly/world.ts";
import type { IntentRow } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";
import { type ProcessLab, processLab } from "../support/process-ports.ts";
import { faultsInTheEnd } from "./evidence.ts";
import { astray, heldTooLong, mistaken, outOfBounds, stillHeld, unanswered, unclosed } from "./invariants.ts";

const BOUNDS = { min: 1, max: 3 };
const entry = (
  action: "start" | "stop" | "create",
  machineId: string,
  more: Partial<LogEntry> = {},
): LogEntry => ({
  ...{
    at: 0,
    app: "shop",
    processGroup: "app",
    region: "fra",
    machineId,
    name: machineId,
    action,
    by: "api",
    requestId: null,
  },
  from: action === "start" ? "stopped" : action === "stop" ? "started" : null,
  to: action === "stop" ? "stopping" : action === "start" ? "starting" : "created",
  ...more,
});
const intent = (
  kind: IntentRow["kind"],
  id: string,
  status: string | null,
  evidence = "seen",
): IntentRow => ({
  ...{ id: "1", region: "fra", kind, status, evidence, closed_at: status === null ? null : new Date(0) },
  ...(kind === "create" ? { machine_id: null, machine_name: id } : { machine_id: id, machine_name: null }),
});

describe("doctored evidence", () => {
  test("a log that leaves the bounds for a moment, though it ends within them", () => {
    const good = [entry("start", "a"), entry("stop", "b"), entry("create", "c")];
    expect(outOfBounds(good, 3, BOUNDS)).toEqual([]);
    const above = [entry("start", "a"), entry("create", "c"), entry("stop", "b")];
    expect(outOfBounds(above, 3, BOUNDS)).toEqual([
      "4 machines at 1970-01-01T00:00:00Z, after create c: out of 1 to 3",
    ]);
    expect(outOfBounds([entry("stop", "a"), entry("start", "b")], 1, BOUNDS)).toEqual([
      "0 machines at 1970-01-01T00:00:00Z, after stop a: out of 1 to 3",
    ]);
  });

  test("what a person did is not held against us", () => {
    expect(outOfBounds([entry("stop", "a", { by: "person" })], 0, BOUNDS)).toEqual([]);
  });

  test("a change without an intent, twice for one, and one that the books deny", () => {
    const log = [entry("start", "a"), entry("stop", "a"), entry("start", "a"), entry("create", "c")];
    const intents = [
      intent("start", "a", "done"),
      intent("stop", "a", "failed"),
      intent("create", "c", "done"),
    ];
    expect(unanswered(log, intents)).toEqual([
      "start a: done 2 times for 1 intents (done)",
      "stop a: done 1 times, and the books say failed",
    ]);
    expect(unanswered(log.slice(0, 1), [])).toEqual(["start a: done 1 times for 0 intents ()"]);
    expect(unanswered([], [intent("create", "c", "done")])).toEqual([
      "create c: done 0 times, and the books say done",
    ]);
    expect(
      unanswered(log.slice(0, 1), [intent("start", "a", "done"), intent("start", "a", "alreadyDone")]),
    ).toEqual([]);
  });

  test("an intent that stays open, or is closed without evidence", () => {
    expect(
      unclosed([intent("start", "a", null), intent("stop", "b", "done", ""), intent("stop", "c", "done")]),
    ).toEqual(["start a: still open (seen)", "stop b: closed without evidence"]);
  });

  test("leases and locks without an end, too long, or left", () => {
    const terms = { leaseMs: 100, machineMs: 20 };
    expect(heldTooLong({ lease: 100, lock: 100, machines: [20] }, terms)).toEqual([]);
    expect(heldTooLong({ lease: 101, lock: Infinity, machines: [21] }, terms)).toHaveLength(3);
    expect(stillHeld({ lease: null, lock: null, machines: [] })).toEqual([]);
    expect(stillHeld({ lease: 1, lock: 1, machines: [1] })).toHaveLength(3);
  });

  test("a fleet that is elsewhere, a decision that is wrong, a person who was not there", () => {
    expect([astray(3, 3, 3), astray(2, 3, 3), astray(2, 2, 3)].map(({ length }) => length)).toEqual([
      0, 1, 1,
    ]);
    expect(mistaken([{ what: "machine a was stopped by hand" }])).toHaveLength(1);
  });
});

describe("an old tick that wakes up before its first stop, after a newer one decided otherwise", () => {
  let lab: Lab;
  let local: ProcessLab;
  beforeAll(async () => {
    const machines = [{ region: "fra", count: 3 }] as const;
    lab = await startLab({ fenced: machines, unfenced: machines });
    local = processLab(lab);
  });
  afterAll(async () => {
    await local.close();
    await lab.close();
  });

  async function wakeLate(app: string, isHeld: ProcessLab["ports"]["leases"]["isHeld"]): Promise<string[]> {
    lab.nextSlot();
    await local.run(app);
    await lab.sql`update flyahead.worker_regions set mode = 'act', max_workers = 3, unserved_price = 2 where app = ${app}`;
    lab.nextSlot();
    await local.feed(app, 60, 10);
    let fallAsleep = () => {};
    let wake = () => {};
    const asleep = new Promise<void>((resolve) => {
      fallAsleep = resolve;
    });
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const sleepy: typeof isHeld = async (lease) => {
      fallAsleep();
      await woken;
      return isHeld(lease);
    };
    const old = local.run(app, { leases: { ...local.ports.leases, isHeld: sleepy } });
    await asleep;
    await local.elapseLease(app);
    lab.nextSlot();
    await local.feed(app, 15, 1_400);
    expect(await local.run(app)).toMatchObject({ status: "done" });
    wake();
    await old;
    return faultsInTheEnd(lab, app, BOUNDS, 3);
  }

  test("with the fence: nothing happens", async () => {
    expect(await wakeLate("fenced", local.ports.leases.isHeld)).toEqual([]);
  });

  test("with a double that ignores the fence: it is seen", async () => {
    const faults = (await wakeLate("unfenced", async () => true)).join("\n");
    expect(faults).toMatch(/stop \w+: done 1 times, and the books say failed/);
    expect(faults).toMatch(/1 machines, where 3 were decided/);
  });
});
