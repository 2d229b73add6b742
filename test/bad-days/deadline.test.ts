// The deadline inside a tick: no new action starts after it, apps that were not reached are written down, answered as
// unreached, and work when they are called again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { activeOf, intentsOf, leaseOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";

const MACHINES = [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }] as const;
let lab: Lab;
beforeAll(async () => {
  // Each call takes 300 ms of virtual time: a list and the wave of starts, then the second is over.
  lab = await startLab(
    { first: [{ region: "fra" }], second: MACHINES, third: MACHINES },
    { fly: { callMs: 300 }, env: { TICK_DEADLINE_SECONDS: "1", LEASE_SECONDS: "2", APPS_AT_A_TIME: "1" } },
  );
});
afterAll(() => lab.close());

const statuses = (body: { apps: { app: string; status: string }[] }) =>
  Object.fromEntries(body.apps.map(({ app, status }) => [app, status]));
const unreached = async () =>
  (await lab.sql<{ app: string }[]>`select app from flyahead.unreached_apps order by app`).map(
    ({ app }) => app,
  );

test("is kept within an app and among apps, and the rest is done when called again", async () => {
  const apps = ["first", "second", "third"];
  lab.nextSlot();
  for (const app of apps) await lab.adopt(app, { unserved_price: 2, max_workers: 4 });
  lab.nextSlot();
  for (const app of apps) await lab.feed(app, 60, 1_900);

  const { status, body } = await lab.tick(apps);
  expect(status).toBe(200);
  expect(statuses(body)).toEqual({ first: "done", second: "unreached", third: "unreached" });
  // list 0.3 s, template and create 0.6 s, the second create would begin at 0.9 s and ends past the deadline
  const outcomes = (await intentsOf(lab.sql, "first")).map(({ status, evidence }) => [status, evidence]);
  expect(outcomes).toEqual([
    ["done", "created, created"],
    ["done", "created, created"],
    ["refused", expect.stringMatching(/^left to the next tick: Fly takes one create a second/)],
  ]);
  const [tick] = await lab.sql`
    select (summary ->> 'deadlineReached')::boolean as reached from flyahead.ticks where app = 'first' order by id desc limit 1`;
  expect(tick).toEqual({ reached: true });
  expect(await unreached()).toEqual(["second", "third"]);
  expect(activeOf(lab.fly, "second")).toBe(1);
  expect((await leaseOf(lab.sql, "second"))?.held).toBe(false);

  // Called again for the same slot: what was closed stays closed, the others get their turn one after the other.
  expect(statuses((await lab.tick(apps)).body)).toEqual({
    first: "closed",
    second: "done",
    third: "unreached",
  });
  expect(await unreached()).toEqual(["third"]);
  expect(statuses((await lab.tick(apps)).body)).toEqual({ first: "closed", second: "closed", third: "done" });
  expect(await unreached()).toEqual([]);
  expect([activeOf(lab.fly, "second"), activeOf(lab.fly, "third")]).toEqual([4, 4]);

  lab.nextSlot();
  await lab.feed("first", 15, 1_900);
  await lab.tick("first");
  expect(activeOf(lab.fly, "first"), "the refused create is decided again").toBe(4);
});
