// The function's process is killed for real (SIGKILL) while a call to Fly hangs. Nobody gives its lock and its lease back:
// they run out, and then the slot is decided again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { activeOf, changesOf, intentsOf, leaseOf, ticksOf } from "../support/books.ts";
import { type FlyGate, startFlyGate } from "../support/fly-gate.ts";
import { type Lab, startLab } from "../support/installation.ts";

let lab: Lab;
let gate: FlyGate;
beforeAll(async () => {
  const machines = [{ region: "fra" }, { region: "fra", count: 2, state: "stopped" }] as const;
  lab = await startLab(
    { hung: machines, reached: machines },
    { env: { LEASE_SECONDS: "2", TICK_DEADLINE_SECONDS: "1" } },
  );
  gate = await startFlyGate(lab.flyUrl);
  await lab.stack.restartFunction("auto-scaling", { ...lab.env, FLY_API_URL: gate.url });
});
afterAll(async () => {
  await gate.close();
  await lab.close();
});

test.each([
  { app: "hung", how: "the call never reached Fly", arrives: false },
  { app: "reached", how: "the call was done after the death", arrives: true },
])("killed in the middle of a call: $how", async ({ app, arrives }) => {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2 });
  lab.nextSlot();
  await lab.feed(app, 60, 900);
  const held = gate.hold(/\/start$/);
  const dying = lab.tick(app).catch(() => null);
  await held.arrived;
  const env = { ...lab.env, FLY_API_URL: gate.url };
  await lab.stack.restartFunction("auto-scaling", env);
  expect((await dying)?.status ?? 502).toBe(502);
  if (arrives) {
    held.release();
    await expect.poll(() => changesOf(lab.fly, app).length).toBe(1);
  }
  expect(await intentsOf(lab.sql, app)).toMatchObject([{ kind: "start", status: null, closed_at: null }]);
  const busy = await lab.tick(app);
  expect(busy.status).toBe(409);
  expect(Number(busy.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);

  expect((await lab.tickWhenFree(app)).body.apps[0]).toMatchObject({ status: "done", attempt: 2 });
  const [first, ...more] = await intentsOf(lab.sql, app);
  expect(first).toMatchObject({
    status: arrives ? "done" : "failed",
    evidence: expect.stringMatching(/by a later tick/),
  });
  expect(more.map(({ kind, status }) => [kind, status])).toEqual(arrives ? [] : [["start", "done"]]);
  expect(changesOf(lab.fly, app)).toHaveLength(1);
  expect(activeOf(lab.fly, app)).toBe(2);
  expect((await leaseOf(lab.sql, app))?.held).toBe(false);
  expect(
    (await ticksOf(lab.sql, app)).map(({ attempt, closed_at }) => [attempt, closed_at !== null]),
  ).toEqual([
    [1, true],
    [1, false],
    [2, true],
  ]);
});
