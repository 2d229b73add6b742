// Traffic that is missing, was never there, or is nothing at all.
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { activeOf, changesOf, historyOf } from "../support/books.ts";
import { type Lab, START, startLab } from "../support/installation.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({
    "silent-low": [{ region: "fra", count: 4 }],
    "silent-rush": [{ region: "fra" }, { region: "fra", count: 5, state: "stopped" }],
    "first-day": [{ region: "fra", count: 2 }],
    "first-day-short": [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }],
    "no-traffic": [{ region: "fra", count: 5 }],
    "no-minimum": [{ region: "fra", count: 2 }],
  });
});
afterAll(() => lab.close());

test("samples missing for an hour never shrink a pool, however low the forecast is", async () => {
  const app = "silent-low";
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2 });
  await lab.feed(app, 300, 10);
  for (let minutes = 0; minutes < 60; minutes += 15) {
    lab.nextSlot();
    await lab.tick(app);
  }
  const decisions = (await historyOf(lab.sql, app)).slice(-4);
  expect(decisions.map(({ kind, to_workers }) => [kind, to_workers])).toEqual(Array(4).fill(["hold", 4]));
  expect(decisions.every(({ constraints }) => constraints.split(",").includes("stale data"))).toBe(true);
  expect(decisions.at(-1)?.reason).toMatch(/samples are (stale|missing): /);
  expect(changesOf(lab.fly, app)).toEqual([]);
  // They come back: now, and not before, it is smaller.
  lab.nextSlot();
  await lab.feed(app, 10, 10);
  await lab.tick(app);
  expect(activeOf(lab.fly, app)).toBe(1);
});

test("samples missing for an hour before the daily rush: the forecast grows the pool", async () => {
  const app = "silent-rush";
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 20, max_workers: 6, lead_seconds: 60 });
  // Three days with a rush from 20 to 21 h; the last hour before the fourth is not measured.
  const rush = Math.floor(lab.fly.now() / DAY_MS) * DAY_MS + DAY_MS + 20 * HOUR_MS;
  lab.fly.advanceTo(rush - HOUR_MS);
  const hourOf = (minutesAgo: number) => new Date(lab.fly.now() - minutesAgo * MINUTE_MS).getUTCHours();
  await lab.feed(app, 3 * 24 * 60, (minutesAgo) => (hourOf(minutesAgo) === 20 ? 2_600 : 100));
  await lab.tick(app);
  expect(activeOf(lab.fly, app)).toBe(1);
  while (lab.fly.now() < rush) {
    await lab.tick(app);
    lab.nextSlot();
  }
  const [early] = (await historyOf(lab.sql, app)).slice(-1);
  expect(early).toMatchObject({ kind: "grow" });
  expect(early?.reason).toMatch(/nothing was measured just now/);
  expect(activeOf(lab.fly, app), "before the rush").toBeGreaterThan(1);
  expect(await lab.tick(app)).toMatchObject({ status: 200 });
  lab.nextSlot();
  await lab.tick(app);
  expect((await historyOf(lab.sql, app)).at(-1)?.reason).toMatch(/nothing was measured just now/);
  expect(activeOf(lab.fly, app), "in the rush").toBeGreaterThanOrEqual(3);
});

test("no history at all: the pool stays as it is, then follows what is measured", async () => {
  for (const app of ["first-day", "first-day-short"]) {
    lab.nextSlot();
    await lab.adopt(app, { unserved_price: 2 });
    lab.nextSlot();
    await lab.tick(app);
    const [first] = (await historyOf(lab.sql, app)).slice(-1);
    expect(first).toMatchObject({ kind: "hold" });
    expect(first?.reason).toMatch(/no traffic was ever measured/);
    lab.nextSlot();
    await lab.feed(app, 3, 1_400);
    await lab.tick(app);
    expect(activeOf(lab.fly, app)).toBe(3);
  }
});

test("no history and fewer machines than the minimum: the minimum holds from the first tick", async () => {
  const app = "no-minimum";
  lab.nextSlot();
  await lab.adopt(app, { min_workers: 3 });
  lab.nextSlot();
  await lab.tick(app);
  expect((await historyOf(lab.sql, app)).at(-1)).toMatchObject({
    kind: "grow",
    from_workers: 2,
    to_workers: 3,
    constraints: "bounds",
  });
  expect(activeOf(lab.fly, app)).toBe(3);
});

test("zero traffic: down to the minimum, to nothing where that is allowed, and up again; never a NaN", async () => {
  const app = "no-traffic";
  lab.nextSlot();
  await lab.adopt(app);
  for (const [minimum, load, expected] of [
    [1, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
    [0, 700, 2],
  ] as const) {
    await lab.sql`update flyahead.worker_regions set min_workers = ${minimum}, unserved_price = 2 where app = ${app}`;
    lab.nextSlot();
    await lab.feed(app, 60, load);
    expect((await lab.tick(app)).body.apps[0].status).toBe("done");
    expect(activeOf(lab.fly, app), `at ${load} requests a minute`).toBe(expected);
  }
  const rows = await lab.sql`
    select h.reason, h.record::text, s.hot::text, s.cold::text, (select json_agg(p)::text from flyahead.traffic_predictions p where p.pool_id = h.pool_id) as predictions
    from flyahead.autoscaling_history h join flyahead.forecast_state s using (pool_id)
    join flyahead.worker_regions w on w.id = h.pool_id where w.app = ${app}`;
  expect(rows.length).toBeGreaterThanOrEqual(4);
  expect(JSON.stringify(rows)).not.toMatch(/NaN|Infinity/);
  expect(START).toBeLessThan(lab.fly.now());
});
