// A tick killed after any step, or failed at any step, then called again for the same slot and for the next one. Whatever
// the step was: the bounds hold at every moment, no intent moves Fly twice, every intent is closed in the end, nobody
// holds a lease, and the fleet is where the decision wants it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MachineSeed } from "../../src/sim/fly/options.ts";
import {
  activeOf,
  changesOf,
  historyOf,
  intentsOf,
  leaseOf,
  machinesOf,
  overridesOf,
} from "../support/books.ts";
import { deadlyPorts, HARMS, type Harm } from "../support/deadly-ports.ts";
import { type Lab, startLab } from "../support/installation.ts";
import { type ProcessLab, processLab } from "../support/process-ports.ts";

/** More than the calls of either tick; a number past the last one harms nothing. */
const CALLS = 18;
const MIN = 1;
const MAX = 5;

const GROWING: readonly MachineSeed[] = [
  { region: "fra", count: 2 },
  { region: "fra", state: "stopped" },
];
const SHRINKING: readonly MachineSeed[] = [{ region: "fra", count: 5 }];
const DIRECTIONS = {
  grow: { machines: GROWING, load: 5_000, kind: "grow", to: MAX },
  shrink: { machines: SHRINKING, load: 10, kind: "shrink", to: MIN },
  drain: { machines: [{ region: "fra", count: 2 }], load: 10, kind: "shrink", to: MIN },
} as const;

const nameOf = (direction: string, { how, when, call }: Harm) => `${direction}-${how}-${when}-${call}`;
const harms = HARMS.flatMap((harm) => Array.from({ length: CALLS }, (_, i) => ({ ...harm, call: i + 1 })));

let lab: Lab;
let local: ProcessLab;
/** The pool is known and acts; an hour of one load lies behind it. */
async function prepare(app: string, load: number): Promise<void> {
  await local.run(app);
  await lab.sql`update flyahead.worker_regions set mode = 'act', min_workers = ${MIN}, max_workers = ${MAX}, unserved_price = 2,
    requests_per_worker = 500, drain_seconds = ${app.startsWith("drain") ? 10 : 0} where app = ${app}`;
  lab.nextSlot();
  await local.feed(app, 60, load);
}

/** Machines that are started or on their way, after each change that Fly made. */
function counts(app: string): number[] {
  const changes = changesOf(lab.fly, app);
  const seeded = machinesOf(lab.fly, app).length - changes.filter(({ action }) => action === "create").length;
  let active = app.startsWith("grow") ? seeded - 1 : seeded;
  return changes.map(({ action }) => {
    if (action !== "cordon" && action !== "uncordon") active += action === "stop" ? -1 : 1;
    return active;
  });
}

async function expectInvariants(app: string, to: number): Promise<void> {
  const changes = changesOf(lab.fly, app);
  const intents = await intentsOf(lab.sql, app);
  const about = `${app}: ${JSON.stringify({ changes: changes.map(({ action, machineId }) => [action, machineId]), intents })}`;
  for (const count of counts(app)) {
    expect(count, about).toBeGreaterThanOrEqual(MIN);
    expect(count, about).toBeLessThanOrEqual(MAX);
  }
  // Each change answers to an intent, and each intent to at most one change.
  const words = changes.map(({ action, machineId, name }) =>
    action === "create" ? `create ${name}` : `${action} ${machineId}`,
  );
  const meant = intents.map(({ kind, machine_id, machine_name }) =>
    kind === "create" ? `create ${machine_name}` : `${kind} ${machine_id}`,
  );
  for (const word of words) {
    expect(meant, about).toContain(word);
    const times = (list: string[]) => list.filter((one) => one === word).length;
    expect(times(words), about).toBeLessThanOrEqual(times(meant));
  }
  const happened = intents.filter(({ status }) => status === "done").length;
  expect(happened, about).toBe(changes.length);
  expect(
    intents.filter(({ closed_at }) => closed_at === null),
    about,
  ).toEqual([]);
  expect((await leaseOf(lab.sql, app))?.held, about).toBe(false);
  expect(await overridesOf(lab.sql, app), "our own moves were taken for a person's").toEqual([]);
  expect(activeOf(lab.fly, app), about).toBe(to);
  expect(
    machinesOf(lab.fly, app).some(({ cordoned }) => cordoned),
    about,
  ).toBe(false);
}

/** Runs a tick that may die; what it said, or where it died. */
async function runHarmed(app: string, harm: Harm | null) {
  const deadly = deadlyPorts(local.ports, harm);
  const ended = await Promise.race([
    local.run(app, deadly.ports).then(
      ({ status }) => status as string,
      () => "threw",
    ),
    deadly.died.then(() => "died"),
  ]);
  await deadly.settled();
  return { ended, calls: deadly.calls };
}

describe.each([
  { direction: "grow", listLagMs: 0 },
  { direction: "shrink", listLagMs: 0 },
  // Out of routing, waited for, stopped, back into routing.
  { direction: "drain", listLagMs: 0 },
  // What a dead tick created is not listed yet when the slot is called again.
  { direction: "grow", listLagMs: 20_000 },
] as const)("a tick that would $direction, on lists that lag $listLagMs ms", ({ direction, listLagMs }) => {
  const { machines, load, kind, to } = DIRECTIONS[direction];

  beforeAll(async () => {
    const apps = [...harms.map((harm) => nameOf(direction, harm)), `${direction}-unharmed`];
    lab = await startLab(Object.fromEntries(apps.map((app) => [app, machines])), { fly: { listLagMs } });
    local = processLab(lab);
  });
  afterAll(async () => {
    await local.close();
    await lab.close();
  });

  test("does it, in fewer calls than are harmed below", async () => {
    const app = `${direction}-unharmed`;
    await prepare(app, load);
    const { ended, calls } = await runHarmed(app, null);
    expect(ended).toBe("done");
    expect(calls.length).toBeLessThan(CALLS);
    expect(calls).toEqual(
      expect.arrayContaining([
        "lock.acquire",
        "leases.acquire",
        "history.recall",
        "machineApi.list",
        "samples.readSeries",
        "history.openTick",
        "history.closeTick",
        "notifier.heartbeat",
        "lock.release",
      ]),
    );
    expect((await historyOf(lab.sql, app)).at(-1)).toMatchObject({ kind, to_workers: to });
    await expectInvariants(app, to);
  });

  test.each(HARMS)("is $how $when each of its calls, then called again", async ({ how, when }) => {
    const seen = new Set<string>();
    for (let call = 1; call <= CALLS; call++) {
      const harm = { how, when, call };
      const app = nameOf(direction, harm);
      await prepare(app, load);
      const { ended, calls } = await runHarmed(app, harm);
      if (calls.length >= call) seen.add(calls[call - 1]!);
      if (how === "killed" && calls.length >= call) expect(ended, app).toBe("died");
      await local.elapseLease(app);
      const again = await local.run(app);
      expect(["done", "closed"], app).toContain(again.status);
      lab.nextSlot();
      await local.feed(app, 15, load);
      expect((await local.run(app)).status, app).toBe("done");
      await expectInvariants(app, to);
    }
    expect(seen.size).toBeGreaterThanOrEqual(10);
  });
});
