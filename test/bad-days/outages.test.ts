// Redis is away; Postgres dies between the intent and its outcome and is back at the next slot.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { activeOf, changesOf, historyOf, intentsOf, leaseOf, ticksOf } from "../support/books.ts";
import { type FlyGate, startFlyGate } from "../support/fly-gate.ts";
import { type Lab, startLab } from "../support/installation.ts";

let lab: Lab;
let gate: FlyGate;
beforeAll(async () => {
  const growing = [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }] as const;
  lab = await startLab(
    {
      "redis-cut": growing,
      "redis-silent": growing,
      "lost-outcome": growing,
      "lost-start": growing,
      "lost-stop": [{ region: "fra", count: 2 }],
      "books-away": growing,
    },
    { env: { LEASE_SECONDS: "2", TICK_DEADLINE_SECONDS: "1" } },
  );
  gate = await startFlyGate(lab.flyUrl);
  await lab.stack.restartFunction("auto-scaling", { ...lab.env, FLY_API_URL: gate.url });
});
afterAll(async () => {
  await gate.close();
  await lab.close();
});
afterEach(async () => {
  lab.stack.servers.redis.setDown(false);
  await lab.stack.servers.postgres.setDown(false);
});

async function prepared(app: string, load: number): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, max_workers: 4 });
  lab.nextSlot();
  await lab.feed(app, 60, load);
}

describe("Redis gone", () => {
  test.each([
    ["redis-cut", true],
    ["redis-silent", "silent"],
  ] as const)("%s: the tick works all the same and says so", async (app, down) => {
    await prepared(app, 1_900);
    lab.stack.servers.redis.setDown(down);
    const { status, body } = await lab.tick(app);
    expect(status).toBe(200);
    expect(body.apps[0]).toMatchObject({ status: "done", lock: "unavailable" });
    expect(activeOf(lab.fly, app)).toBe(4);
    // Without the lock it is the lease that keeps the slot to one tick.
    expect((await lab.tick(app)).body.apps[0]).toEqual({ app, status: "closed" });
    expect(changesOf(lab.fly, app)).toHaveLength(3);
    const [tick] = await lab.sql`
      select summary ->> 'lock' as lock from flyahead.ticks where app = ${app} order by id desc limit 1`;
    expect(tick).toEqual({ lock: "unavailable" });
  });
});

describe("Postgres gone", () => {
  test("before the tick: an answer without details, and nothing is touched", async () => {
    await prepared("books-away", 1_900);
    await lab.stack.servers.postgres.setDown(true);
    const { status, body, headers } = await lab.tick("books-away");
    expect([status, headers.get("retry-after")]).toEqual([503, "10"]);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "urn:flyahead:problem:unavailable",
      title: "Unavailable",
      status: 503,
      detail: expect.stringMatching(/^The books cannot be reached now/),
      requestId: headers.get("x-request-id"),
    });
    expect(changesOf(lab.fly, "books-away")).toEqual([]);
    await lab.stack.servers.postgres.setDown(false);
    expect((await lab.tick("books-away")).body.apps[0].status).toBe("done");
    expect(activeOf(lab.fly, "books-away")).toBe(4);
  });

  test.each([
    { app: "lost-start", load: 1_900, call: /\/start$/, moves: 3, to: 4 },
    { app: "lost-stop", load: 10, call: /\/stop$/, moves: 1, to: 1 },
  ])(
    "$app: after the intent and before the outcome, back at the next slot",
    async ({ app, load, call, moves, to }) => {
      await prepared(app, load);
      const held = gate.hold(call);
      const ticking = lab.tick(app);
      await held.arrived;
      await lab.stack.servers.postgres.setDown(true);
      held.release();
      expect((await ticking).body.apps[0]).toMatchObject({ app, status: "failed" });
      await lab.stack.servers.postgres.setDown(false);

      const left = await intentsOf(lab.sql, app);
      expect(left.map(({ closed_at, status }) => [closed_at, status])).toEqual(
        Array(moves).fill([null, null]),
      );
      lab.nextSlot();
      await lab.feed(app, 15, load);
      expect((await lab.tickWhenFree(app)).body.apps[0].status).toBe("done");
      const intents = await intentsOf(lab.sql, app);
      expect(intents).toHaveLength(moves);
      for (const { status, closed_at, evidence } of intents) {
        expect([status, closed_at === null]).toEqual(["done", false]);
        expect(evidence).toMatch(/^found (started|stopped) by a later tick$/);
      }
      const moved = changesOf(lab.fly, app).map(({ machineId }) => machineId);
      expect(moved).toHaveLength(moves);
      expect(new Set(moved).size).toBe(moves);
      expect(activeOf(lab.fly, app)).toBe(to);
      expect((await leaseOf(lab.sql, app))?.held).toBe(false);
      const ticks = (await ticksOf(lab.sql, app)).map(({ attempt, closed_at }) => [
        attempt,
        closed_at !== null,
      ]);
      expect(ticks).toEqual([
        [1, true],
        [1, false],
        [1, true],
      ]);
    },
  );

  test("the same slot can be called again: it is decided as the next attempt", async () => {
    const app = "lost-outcome";
    await prepared(app, 1_900);
    const held = gate.hold(/\/start$/);
    const ticking = lab.tick(app);
    await held.arrived;
    await lab.stack.servers.postgres.setDown(true);
    held.release();
    await ticking;
    await lab.stack.servers.postgres.setDown(false);
    const slots = async () =>
      (await historyOf(lab.sql, app)).map(({ attempt, slot }) => [attempt, slot.getTime()]);
    const [, [, slot]] = (await slots()) as [unknown, [number, number]];
    expect((await lab.tickWhenFree(app)).body.apps[0]).toMatchObject({ status: "done", attempt: 2 });
    expect((await slots()).slice(1)).toEqual([
      [1, slot],
      [2, slot],
    ]);
    expect(activeOf(lab.fly, app)).toBe(4);
    expect(changesOf(lab.fly, app)).toHaveLength(3);
    expect((await intentsOf(lab.sql, app)).every(({ closed_at }) => closed_at !== null)).toBe(true);
  });
});
