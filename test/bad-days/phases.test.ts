// Machines on their way, through the real functions, on real Postgres and Fly's API over HTTP: what region_status, the status
// function and boot_times show of machines that drain, warm up, get stuck and boot.
import { afterAll, beforeAll, expect, test } from "vitest";
import { activeOf, intentsOf, machinesOf } from "../support/books.ts";
import { type Lab, replyOf, startLab } from "../support/installation.ts";

const AUTOSTOPPED = {
  services: [{ protocol: "tcp", internal_port: 8080, autostop: "stop", autostart: true }],
};

let lab: Lab;
beforeAll(async () => {
  const apps = {
    draining: [{ region: "fra", count: 2 }],
    patient: [{ region: "fra", count: 2 }],
    sleepy: [{ region: "fra", count: 2 }],
    stuck: [{ region: "fra" }, { region: "fra", count: 2, state: "stopped" as const }],
    minding: [
      { region: "fra", count: 2, config: AUTOSTOPPED },
      { region: "fra", state: "stopped" as const, config: AUTOSTOPPED },
    ],
    booting: [{ region: "fra" }, { region: "fra", state: "stopped" as const }],
  };
  lab = await startLab(apps, { fly: { limits: true }, env: { DRAIN_SECONDS: "10" } });
});
afterAll(() => lab.close());

async function adopt(app: string, wishes: Record<string, string | number | boolean> = {}): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, max_workers: 6, override_seconds: 0, ...wishes });
}

async function slotWith(app: string, load: number, minutes = 15) {
  lab.nextSlot();
  await lab.feed(app, minutes, load);
  const { body } = await lab.tick(app);
  expect(body.apps[0].status).toBe("done");
  return body.apps[0].pools[0];
}

const said = (pool: { actions: { kind: string; outcome: { status: string } }[] }) =>
  pool.actions.map(({ kind, outcome }) => `${kind} ${outcome.status}`);
const statusOf = async (app: string) => {
  const [row] = await lab.sql`
    select pool_id, phases, slowest_phase, slowest_since from flyahead_api.region_status where app = ${app}`;
  return row!;
};

/** As the ticks wrote them: the view looks back from the real now. */
async function bootsOf(app: string): Promise<string[]> {
  const rows = await lab.sql`
    select b.path, b.evidence, b.seconds from flyahead.boot_times b
    join flyahead.worker_regions w on w.id = b.pool_id where w.app = ${app} order by b.path`;
  return rows.map(({ path, evidence, seconds }) => `${path} ${evidence} ${seconds}`);
}

test("a shrinkage drains, stops and puts back into routing, each under an intent, in one tick", async () => {
  await adopt("draining");
  expect(said(await slotWith("draining", 10, 60))).toEqual(["cordon done", "stop done", "uncordon done"]);
  expect((await statusOf("draining")).phases).toEqual({ serving: 1, stopping: 1 });
  await slotWith("draining", 10);
  expect((await statusOf("draining")).phases).toEqual({ serving: 1, stopped: 1 });
  expect(machinesOf(lab.fly, "draining").some(({ cordoned }) => cordoned)).toBe(false);
  expect((await intentsOf(lab.sql, "draining")).every(({ closed_at }) => closed_at !== null)).toBe(true);
});

test("what drains for longer than a tick is shown, and ended by the next, or put back", async () => {
  await adopt("patient", { drain_seconds: 600 });
  expect(said(await slotWith("patient", 10, 60))).toEqual([
    "cordon done",
    "stop refused",
    "uncordon refused",
  ]);
  const { pool_id, phases, slowest_phase, slowest_since } = await statusOf("patient");
  expect([phases, slowest_phase]).toEqual([{ serving: 1, draining: 1 }, "draining"]);
  expect(slowest_since.getTime()).toBeLessThanOrEqual(lab.fly.now());
  const { body: answer } = await replyOf(await lab.call(`status/pools/${pool_id}`));
  expect(answer).toMatchObject({ phases: { serving: 1, draining: 1 }, slowest: { phase: "draining" } });
  expect(answer.decisions[0].actions.map(({ kind }: { kind: string }) => kind)).toEqual([
    "cordon",
    "stop",
    "uncordon",
  ]);
  expect(said(await slotWith("patient", 900))).toEqual(["uncordon done"]);
  expect((await statusOf("patient")).phases).toEqual({ serving: 2 });
  await slotWith("patient", 10);
  expect(said(await slotWith("patient", 10))).toEqual(["stop done", "uncordon done"]);
  await slotWith("patient", 10);
  expect((await statusOf("patient")).phases).toEqual({ serving: 1, stopped: 1 });
});

test("machines are suspended where the pool says so, and their resumes are measured by Fly's events", async () => {
  await adopt("sleepy", { rest_by: "suspend" });
  expect(said(await slotWith("sleepy", 10, 60))).toEqual(["cordon done", "suspend done", "uncordon done"]);
  await slotWith("sleepy", 10);
  expect((await statusOf("sleepy")).phases).toEqual({ serving: 1, suspended: 1 });
  expect(said(await slotWith("sleepy", 900))).toEqual(["start done"]);
  await slotWith("sleepy", 900);
  expect(await bootsOf("sleepy")).toEqual(["resume event 1.4"]);
});

test("boots are measured by event, per path, once however often they are looked at", async () => {
  await adopt("booting");
  expect(said(await slotWith("booting", 1_400, 60)).sort()).toEqual(["create done", "start done"]);
  for (let i = 0; i < 3; i++) await slotWith("booting", 1_400);
  expect(await bootsOf("booting")).toEqual(["create event 12", "start event 3"]);
});

test("a machine whose checks never pass is shown warming, then replaced; the day's count ends that", async () => {
  await adopt("stuck", { replacements_per_day: 1 });
  lab.fly.addFault({ kind: "slowBoot", app: "stuck", serveDelayMs: 86_400_000 });
  expect(said(await slotWith("stuck", 900, 60))).toEqual(["start done"]);
  const replaced = await slotWith("stuck", 900);
  expect(said(replaced)).toEqual(["stop done", "start done"]);
  expect(replaced.reason).toMatch(
    /Machine \w+ \(warming\) is stuck on the way to serving: 1 replaced, 1 of 1 today\./,
  );
  const kept = await slotWith("stuck", 900);
  expect(said(kept)).toEqual([]);
  expect(kept.reason).toMatch(/stuck on the way to serving: not replaced now\./);
  expect((await statusOf("stuck")).phases).toEqual({ serving: 1, warming: 1, stopped: 1 });
  expect(activeOf(lab.fly, "stuck")).toBe(2);
  const [row] = await lab.sql`select no_room from flyahead.worker_regions where app = 'stuck'`;
  expect(row?.no_room).toMatchObject([{ why: "stuck" }]);
});

test("min_machines_running follows the minimum on what is started and made, told in intent and outcome", async () => {
  await adopt("minding", { keep_min_running: true, min_workers: 2 });
  const grown = await slotWith("minding", 1_800, 60);
  expect(said(grown).sort()).toEqual(["create done", "start done"]);
  expect(grown.reason).toMatch(/kept in step and not 2 yet on 3 of 3 machines/);
  const numbers = lab.fly
    .machines()
    .filter(({ app }) => app === "minding")
    .map(({ config }) => config.services?.[0]?.min_machines_running ?? 0);
  expect(numbers).toEqual([0, 0, 2, 2]);
  const intents = await lab.sql`
    select kind, min_running, evidence from flyahead.scaling_intents where app = 'minding' order by kind desc`;
  expect(intents.map(({ kind, min_running }) => `${kind} ${min_running}`)).toEqual(["start 2", "create 2"]);
  expect(intents[0]!.evidence).toBe("Fly took the start; min_machines_running set to 2 before");
  const updates = lab.fly.log().filter(({ app, action }) => app === "minding" && action === "update");
  expect(updates.map(({ from }) => from)).toEqual(["stopped"]);
  expect(machinesOf(lab.fly, "minding").every(({ lease }) => lease === null)).toBe(true);
});
