// The auto-scaling function as cron sees it: over HTTP, served by Deno.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { activeOf, changesOf, historyOf, intentsOf, poolsOf } from "../support/books.ts";
import { type FlyGate, startFlyGate } from "../support/fly-gate.ts";
import { type Lab, replyOf, START, startLab } from "../support/installation.ts";
import { expectNothingInternal, expectProblem } from "../support/problems.ts";

const MACHINES = [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }] as const;
let lab: Lab;
let gate: FlyGate;
beforeAll(async () => {
  lab = await startLab({
    shop: [...MACHINES, { region: "syd", processGroup: "worker", count: 2 }],
    asked: MACHINES,
    twice: MACHINES,
    "same-time": MACHINES,
    "same-time-no-redis": MACHINES,
    advised: MACHINES,
    lowered: MACHINES,
    ceiling: MACHINES,
  });
  gate = await startFlyGate(lab.flyUrl);
  await lab.stack.restartFunction("auto-scaling", through(lab.env));
});
afterAll(async () => {
  await gate.close();
  await lab.close();
});
afterEach(() => lab.stack.servers.redis.setDown(false));

const through = (env: Readonly<Record<string, string>>) => ({ ...env, FLY_API_URL: gate.url });
const post = async (body: string | undefined, headers: Record<string, string> = {}) =>
  replyOf(
    await lab.call("auto-scaling", { method: "POST", headers, ...(body === undefined ? {} : { body }) }),
  );

async function prepare(app: string): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { unserved_price: 2, max_workers: 4 });
  lab.nextSlot();
  await lab.feed(app, 60, 1_400);
}

describe("who may call", () => {
  test("without a token: 401, and how to send one", async () => {
    const answer = await fetch(`${lab.stack.functionsUrl}/auto-scaling`, { method: "POST" });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    const { detail } = expectProblem(lab, await replyOf(answer), 401, "unauthorized");
    expect(detail).toMatch(/Authorization: Bearer/);
  });

  test.each([
    ["an unknown token", `Bearer fa_${"x".repeat(32)}`],
    ["a short one", "Bearer abc"],
    ["another scheme", "Basic c29tZWJvZHk6c2VjcmV0MTIzNDU2"],
    ["the token of Fly", "fly"],
  ])("%s: 401", async (_, given) => {
    const authorization = given === "fly" ? `Bearer ${lab.env.FLY_API_TOKEN}` : given;
    expectProblem(lab, await post("{}", { authorization }), 401, "unauthorized");
  });

  test("a revoked or expired token: 401", async () => {
    const revoked = await lab.newToken(["tick"]);
    expect(
      (await post('{"apps":["asked"],"mode":"observe"}', { authorization: `Bearer ${revoked}` })).status,
    ).toBe(200);
    await lab.sql`update flyahead.api_tokens set revoked_at = now() where id = (select max(id) from flyahead.api_tokens)`;
    expectProblem(lab, await post("{}", { authorization: `Bearer ${revoked}` }), 401, "unauthorized");
  });

  test("the wrong scope: 403 that names the right one", async () => {
    const authorization = `Bearer ${await lab.newToken(["ingest", "read"])}`;
    expect(expectProblem(lab, await post("{}", { authorization }), 403, "forbidden").detail).toMatch(
      /scope tick/,
    );
  });

  test("an app that is not the token's: 403; without apps, only the token's own are worked on", async () => {
    const authorization = `Bearer ${await lab.newToken(["tick"], ["asked"])}`;
    expectProblem(lab, await post('{"apps":["asked","shop"]}', { authorization }), 403, "forbidden");
    lab.nextSlot();
    const { body } = await post('{"mode":"observe"}', { authorization });
    expect(body.apps.map(({ app }: { app: string }) => app)).toEqual(["asked"]);
  });
});

describe("what may be asked", () => {
  test.each(["GET", "PUT", "DELETE", "PATCH"])("%s: 405 with Allow", async (method) => {
    const answer = await lab.call("auto-scaling", { method });
    expect(answer.headers.get("allow")).toBe("POST");
    expectProblem(lab, await replyOf(answer), 405, "method-not-allowed");
  });

  test.each([
    ["no JSON", "{slot:", /not JSON/],
    ["an array", "[]", /faults/],
    ["a number", "5", /faults/],
    ["null", "null", /faults/],
    ["an unknown field", '{"pools":["x"]}', /pools/],
    ["a wrong mode", '{"mode":"turbo"}', /mode/],
    ["a slot that is no time", '{"slot":"now"}', /slot/],
    ["a slot as a number", '{"slot":1767772800000}', /slot/],
    ["a slot without a zone", '{"slot":"2026-01-07T08:00:00"}', /slot/],
    ["apps as a text", '{"apps":"shop"}', /apps/],
    ["no apps", '{"apps":[]}', /apps/],
    ["an app that is no text", '{"apps":[5]}', /apps\.0/],
    ["__proto__", '{"__proto__":{"mode":"act"}}', /proto/],
    ["constructor", '{"constructor":{"prototype":{"mode":"act"}}}', /constructor/],
    ["bytes that are no UTF-8", "\u0000", /not JSON/],
  ])("%s: 400 that says what is wrong", async (_, body, said) => {
    const problem = expectProblem(lab, await post(body), 400, "bad-request");
    expect(JSON.stringify(problem)).toMatch(said);
  });

  test("all faults of one body are told together", async () => {
    const { faults } = expectProblem(lab, await post('{"mode":1,"slot":2,"more":3}'), 400, "bad-request");
    expect(faults.map((fault: string) => fault.split(":")[0]).sort()).toEqual([
      "Unrecognized key",
      "mode",
      "slot",
    ]);
  });

  test("an app that is not configured: 400 that names it", async () => {
    const problem = expectProblem(lab, await post('{"apps":["nobody","shop"]}'), 400, "bad-request");
    expect(problem.detail).toMatch(/Not configured: nobody; add them to FLY_APPS/);
  });

  test("a body that is too large: 413", async () => {
    expectProblem(lab, await post(`{"apps":["${"x".repeat(20_000)}"]}`), 413, "payload-too-large");
  });

  test("no body at all is every app, now; the slot is floored to the grid", async () => {
    lab.nextSlot();
    lab.fly.sleep(4 * MINUTE_MS);
    const { status, body, headers } = await post(undefined);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("x-request-id")).toMatch(/./);
    expect(body.apps).toHaveLength(8);
    expect(body.slot).toBe(formatInstant(Math.floor(lab.fly.now() / (15 * MINUTE_MS)) * 15 * MINUTE_MS));
  });
});

describe("what a tick answers and does", () => {
  test("pools are found in Fly's list, advise, and act once the owner says act", async () => {
    lab.nextSlot();
    const found = (await lab.tick("shop")).body.apps[0];
    expect(found.pools.map(({ pool, mode }: { pool: object; mode: string }) => ({ ...pool, mode }))).toEqual([
      { app: "shop", region: "fra", processGroup: "app", mode: "advise" },
      { app: "shop", region: "syd", processGroup: "worker", mode: "advise" },
    ]);
    expect(await poolsOf(lab.sql, "shop")).toMatchObject([{ mode: "advise" }, { mode: "advise" }]);

    await prepare("advised");
    await lab.sql`update flyahead.worker_regions set mode = 'advise' where app = 'advised'`;
    const [advice] = (await lab.tick("advised")).body.apps[0].pools;
    expect(advice).toMatchObject({ mode: "advise", kind: "grow", from: 1, to: 3 });
    expect(advice.actions).toEqual([
      { kind: "start", machineId: expect.any(String), outcome: null },
      { kind: "start", machineId: expect.any(String), outcome: null },
    ]);
    expect(changesOf(lab.fly, "advised")).toEqual([]);
    expect(await intentsOf(lab.sql, "advised")).toEqual([]);
    expect((await historyOf(lab.sql, "advised")).at(-1)).toMatchObject({
      mode: "advise",
      kind: "grow",
      to_workers: 3,
    });

    await lab.sql`update flyahead.worker_regions set mode = 'act' where app = 'advised'`;
    lab.nextSlot();
    await lab.feed("advised", 15, 1_400);
    const [acted] = (await lab.tick("advised")).body.apps[0].pools;
    expect(acted).toMatchObject({
      mode: "act",
      reason: expect.stringMatching(/^Grow from 1 to 3: .*1400 now need 3/),
    });
    expect(acted.actions.map(({ outcome }: { outcome: { status: string } }) => outcome.status)).toEqual([
      "done",
      "done",
    ]);
    expect(activeOf(lab.fly, "advised")).toBe(3);
  });

  test("a request may lower the mode", async () => {
    await prepare("lowered");
    const { body } = await lab.tick("lowered", { mode: "advise" });
    expect(body.mode).toBe("advise");
    expect(body.apps[0].pools[0]).toMatchObject({ mode: "advise", kind: "grow" });
    expect(changesOf(lab.fly, "lowered")).toEqual([]);
  });

  test("two calls for one slot act once; the second finds it closed", async () => {
    await prepare("twice");
    const first = (await lab.tick("twice")).body.apps[0];
    expect(first).toMatchObject({ status: "done", attempt: 1, lock: "acquired" });
    expect(Object.keys(first.ms)).toEqual(
      expect.arrayContaining(["observe", "decide", "open", "apply", "close"]),
    );
    lab.fly.sleep(3 * MINUTE_MS);
    expect((await lab.tick("twice")).body.apps[0]).toEqual({ app: "twice", status: "closed" });
    expect(changesOf(lab.fly, "twice")).toHaveLength(2);
  });

  test("a slot behind the newest one is closed as well, also where it may be named", async () => {
    const slot = formatInstant(START - 60 * MINUTE_MS);
    expect((await lab.tick("twice", { slot })).body.apps[0].status).toBe("closed");
  });

  test.each([
    ["same-time", false, "acquired"],
    ["same-time-no-redis", true, "unavailable"],
  ] as const)(
    "two calls at the same time (%s, Redis down: %s): one works, the other is told when to come again",
    async (app, down, lock) => {
      await prepare(app);
      lab.stack.servers.redis.setDown(down);
      const held = gate.hold(new RegExp(`/apps/${app}/machines$`));
      const first = lab.tick(app);
      await held.arrived;
      const second = await lab.tick(app);
      const problem = expectProblem(lab, second, 409, "busy");
      expect(Number(second.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(Number(second.headers.get("retry-after"))).toBeLessThanOrEqual(150);
      expect(problem.apps).toEqual([{ app, status: "busy", retryAfterMs: expect.any(Number) }]);
      held.release();
      expect((await first).body.apps[0]).toMatchObject({ status: "done", lock });
      expect(changesOf(lab.fly, app)).toHaveLength(2);
    },
  );

  test("busy is told per app where the others could be worked on", async () => {
    lab.nextSlot();
    const held = gate.hold(/\/apps\/asked\/machines$/);
    const first = lab.tick("asked");
    await held.arrived;
    const { status, body } = await lab.tick(["asked", "lowered"]);
    expect(status).toBe(200);
    expect(body.apps.map(({ app, status }: { app: string; status: string }) => [app, status])).toEqual([
      ["asked", "busy"],
      ["lowered", "done"],
    ]);
    held.release();
    expect((await first).body.apps[0].status).toBe("done");
  });

  test("a summary holds no secret, whatever failed", async () => {
    lab.nextSlot();
    lab.fly.addFault({ kind: "serverError", action: "list", app: "asked" });
    const { body } = await lab.tick("asked");
    expectNothingInternal(lab, JSON.stringify(body));
    lab.fly.clearFaults();
  });
});

describe("configuration", () => {
  afterAll(() => lab.stack.restartFunction("auto-scaling", through(lab.env)));

  test("all faults are told together, by name and by what they should be, never by value", async () => {
    await lab.stack.restartFunction("auto-scaling", {
      ...lab.env,
      CADENCE_MINUTES: "7-secret",
      SCALING_MODE: "turbo-secret",
      MIN_WORKERS_PER_REGION: "8",
      MAX_WORKERS_PER_REGION: "2",
      DATABASE_URL: "mysql://user:hidden-secret@somewhere/db",
      FLY_API_TOKEN: "",
      SIMULATION_URL: "https://secret.example.com",
    });
    const reply = await post("{}");
    const { faults } = expectProblem(lab, reply, 500, "configuration");
    const names = faults.map((fault: string) => fault.split(" ")[0]);
    expect(names.sort()).toEqual([
      "CADENCE_MINUTES",
      "DATABASE_URL",
      "FLY_API_TOKEN",
      "MIN_WORKERS_PER_REGION",
      "SCALING_MODE",
      "SIMULATION_URL",
    ]);
    expect(JSON.stringify(reply.body)).not.toMatch(/-secret|secret\.|turbo|mysql|\b[78]\b/);
    for (const fault of faults) expect(fault).toMatch(/^[A-Z_]+ should be \w/);
    expect(lab.stack.functions.get("auto-scaling")!.log()).not.toMatch(/hidden-secret/);
  });

  test("a malformed list of Fly tokens is a fault too, told without the token", async () => {
    await lab.stack.restartFunction("auto-scaling", {
      ...lab.env,
      FLY_API_TOKEN: "shop=fm2_hidden1 shop=fm2_hidden2",
    });
    const reply = await post("{}");
    const { faults } = expectProblem(lab, reply, 500, "configuration");
    expect(faults).toEqual([expect.stringMatching(/^FLY_API_TOKEN should be /)]);
    expect(JSON.stringify(reply.body)).not.toMatch(/hidden/);
  });

  test("the configured mode is the ceiling: a request cannot raise it", async () => {
    await lab.stack.restartFunction("auto-scaling", { ...lab.env, SCALING_MODE: "advise" });
    await prepare("ceiling");
    const { body } = await lab.tick("ceiling", { mode: "act" });
    expect(body.mode).toBe("advise");
    expect(body.apps[0].pools[0]).toMatchObject({ mode: "advise", kind: "grow" });
    expect(changesOf(lab.fly, "ceiling")).toEqual([]);
  });

  test("outside a simulation only the slot that is now may be named", async () => {
    const { SIMULATION_URL: _, ...production } = lab.env;
    await lab.stack.restartFunction("auto-scaling", production);
    const problem = expectProblem(lab, await post('{"slot":"2026-01-07T08:00:00Z"}'), 400, "bad-request");
    expect(problem.detail).toMatch(/^slot is 2026-01-07T08:00:00Z, but now is .*leave slot out/);
    const authorization = `Bearer ${await lab.newToken(["tick"], ["nobody"])}`;
    const slot = new Date().toISOString();
    expect((await post(JSON.stringify({ slot }), { authorization })).body.apps).toEqual([]);
  });
});
