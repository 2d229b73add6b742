// The status function over HTTP, served by Deno: what it says of flyahead, and to whom.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Lab, replyOf, startLab } from "../support/installation.ts";
import { expectProblem } from "../support/problems.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({
    shop: [{ region: "fra" }, { region: "fra", count: 3, state: "stopped" }, { region: "syd" }],
    blog: [{ region: "fra" }],
  });
  lab.nextSlot();
  await lab.adopt("shop", { quantile: 0.5, max_workers: 4 });
  await lab.adopt("blog");
  lab.nextSlot();
  await lab.feed("shop", 60, 1_400);
  await lab.tick("shop");
});
afterAll(() => lab.close());
afterEach(() => lab.stack.servers.redis.setDown(false));

const get = async (path: string, token: string | null = lab.token) =>
  replyOf(
    await fetch(`${lab.stack.functionsUrl}/status${path}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    }),
  );

test("/health is open and says that it lives, whatever else is away", async () => {
  await lab.stack.servers.postgres.setDown(true);
  const { status, body, headers } = await get("/health", null);
  expect([status, body]).toEqual([200, { status: "alive" }]);
  expect(headers.get("x-request-id")).toMatch(/./);
  await lab.stack.servers.postgres.setDown(false);
});

describe("/ready", () => {
  test("tells each dependency with its latency and its breakers", async () => {
    const { status, body } = await get("/ready");
    expect([status, body.status]).toEqual([200, "ready"]);
    const isUp = { isUp: true, latencyMs: expect.any(Number) };
    expect(body.dependencies).toMatchObject([
      { name: "postgres", required: true, ...isUp, breakers: { postgres: "CLOSED" } },
      { name: "redis", required: false, ...isUp, breakers: { redis: "CLOSED" } },
      {
        name: "fly",
        required: false,
        ...isUp,
        breakers: { "fly:read": "CLOSED", "fly:access:shop": "CLOSED" },
      },
    ]);
  });

  test("what an operator ordered is seen after the next tick; an app's breaker by who may see the app", async () => {
    await lab.sql`select flyahead_api.force_breaker('fly:write:fra', 'FORCED_OPEN')`;
    lab.nextSlot();
    await lab.tick("blog");
    await lab.stack.restartFunction("status");
    const flyOf = async (token?: string) => {
      const { dependencies } = (await get("/ready", token)).body;
      return dependencies.find(({ name }: { name: string }) => name === "fly").breakers;
    };
    expect(await flyOf()).toMatchObject({ "fly:write:fra": "FORCED_OPEN", "fly:access:shop": "CLOSED" });
    const foreign = await flyOf(await lab.newToken(["read"], ["blog"]));
    expect(Object.keys(foreign).filter((name) => name.startsWith("fly:access"))).toEqual(["fly:access:blog"]);
    await lab.sql`select flyahead_api.reset_breaker('fly:write:fra')`;
  });

  test("what is not asked is told with its breaker: Prometheus, a forecaster outside, the heartbeat", async () => {
    const away = "http://127.0.0.1:9/";
    const env = { ...lab.env, PROMETHEUS_URL: away, EXPERTS_URL: away, HEARTBEAT_URL: away };
    await lab.stack.restartFunction("status", env);
    const { body } = await get("/ready");
    const unasked = { required: false, isUp: null, latencyMs: null, breakers: {} };
    expect(body.dependencies.slice(3)).toEqual(
      ["prometheus", "experts", "heartbeat"].map((name) => ({ name, ...unasked })),
    );
    await lab.stack.restartFunction("status", lab.env);
  });

  test("is ready without Redis, for flyahead does without it, and says that it is away; breakers from their copy", async () => {
    await lab.stack.restartFunction("status");
    lab.stack.servers.redis.setDown(true);
    const { status, body } = await get("/ready");
    expect(status).toBe(200);
    const down = body.dependencies.filter(({ isUp }: { isUp: boolean }) => !isUp);
    expect(down).toMatchObject([{ name: "redis", breakers: { redis: "CLOSED" } }]);
  });

  test("is 503 without Postgres, even before a token can be looked up", async () => {
    await lab.stack.servers.postgres.setDown(true);
    expectProblem(lab, await get("/ready"), 503, "unavailable");
    await lab.stack.servers.postgres.setDown(false);
    expect((await get("/pools")).status).toBe(200);
  });
});

describe("/pools", () => {
  test("lists every pool as it stands", async () => {
    const { body } = await get("/pools");
    const names = body.pools.map(
      (one: Record<string, string>) => `${one.app}/${one.processGroup}@${one.region}`,
    );
    expect(names).toEqual(["blog/app@fra", "shop/app@fra", "shop/app@syd"]);
    const fra = body.pools[1];
    expect(fra).toMatchObject({
      mode: "act",
      machines: { started: 3, stopped: 1, other: 0, failing: 0 },
      bounds: { min: 1, max: 4 },
      capacity: 1_500,
      lastDecision: {
        kind: "grow",
        reason: expect.stringMatching(/^Grow from 1 to 3/),
        at: expect.stringMatching(/Z$/),
      },
    });
    expect((await get("/pools?app=blog")).body.pools).toHaveLength(1);
    expectProblem(lab, await get("/pools?apps=blog"), 400, "bad-request");
  });

  test("one pool with its forecast, plan and last decisions, their reasons and what came of them", async () => {
    const { pools } = (await get("/pools?app=shop")).body;
    const { status, body } = await get(`/pools/${pools[0].id}?decisions=2`);
    expect(status).toBe(200);
    expect(
      body.forecast.horizons.map(({ horizonSeconds }: { horizonSeconds: number }) => horizonSeconds),
    ).toEqual([900, 3_600, 21_600, 86_400, 604_800]);
    expect(Object.keys(body.forecast.horizons[0].load)).toEqual(["0.1", "0.5", "0.9", "0.95", "0.99"]);
    expect(body.plan).toMatchObject({ source: "cache", quantile: 0.5, requestsPerWorker: 500 });
    expect(body.plan.bins.length).toBeGreaterThan(5);
    for (const { load, machines } of body.plan.bins)
      expect(machines).toBe(Math.min(4, Math.max(1, Math.ceil(load / 500))));
    expect(body.decisions).toHaveLength(2);
    expect(body.decisions[0]).toMatchObject({
      ...{ kind: "grow", from: 1, to: 3, attempt: 1, mode: "act", need: { now: 3 } },
      actions: [
        { kind: "start", status: "done" },
        { kind: "start", status: "done" },
      ],
    });
  });

  test("the plan comes from the cache, and from the books while that is away; the cache's hits are counted", async () => {
    await lab.stack.restartFunction("status");
    const [{ id }] = (await get("/pools?app=shop")).body.pools;
    const kept = (await get(`/pools/${id}`)).body;
    lab.stack.servers.redis.setDown(true);
    const { status, body } = await get(`/pools/${id}`);
    expect([status, kept.plan.source, body.plan.source]).toEqual([200, "cache", "books"]);
    expect(body.plan.bins.map(({ at }: { at: string }) => at)).toEqual(
      body.forecast.horizons.map(({ at }: { at: string }) => at),
    );
    const nearest = ({ plan }: typeof body) =>
      plan.bins.find(({ at }: { at: string }) => at >= plan.bins[0].at);
    expect(nearest(body).machines).toBe(nearest(kept).machines);
    lab.stack.servers.redis.setDown(false);
    const stats = (await get("/ready")).body.cache;
    expect(stats).toMatchObject({ hits: 1, sets: 0, failures: 1 });
  });

  test.each(["/pools/0", "/pools/x", "/pools/1e3", "/pools/-1", "/pools/99999999999", "/pools/1%27"])(
    "%s is no pool's number: 400",
    async (path) => {
      expectProblem(lab, await get(path), 400, "bad-request");
    },
  );

  test("a number that no pool has: 404", async () => {
    expectProblem(lab, await get("/pools/987654321"), 404, "not-found");
  });
});

describe("who may look", () => {
  test("all but /health and the description needs scope read", async () => {
    const tick = await lab.newToken(["tick", "ingest"]);
    for (const path of ["/ready", "/pools", "/pools/1"]) {
      expectProblem(lab, await get(path, null), 401, "unauthorized");
      expectProblem(lab, await get(path, tick), 403, "forbidden");
    }
    expect((await get("/openapi.json", null)).status).toBe(200);
  });

  test("a token for one app sees nothing of another: not in a list, not by number, not by what is said", async () => {
    const all = (await get("/pools")).body.pools as { id: number; app: string }[];
    const token = await lab.newToken(["read"], ["blog"]);
    const seen = await get("/pools", token);
    expect(seen.body.pools.map(({ app }: { app: string }) => app)).toEqual(["blog"]);
    expect((await get("/pools?app=shop", token)).body.pools).toEqual([]);
    const foreign = all.find(({ app }) => app === "shop")!.id;
    const there = expectProblem(lab, await get(`/pools/${foreign}`, token), 404, "not-found");
    const nowhere = expectProblem(lab, await get("/pools/987654321", token), 404, "not-found");
    expect(there.detail.replace(`${foreign}`, "?")).toBe(nowhere.detail.replace("987654321", "?"));
    expect(JSON.stringify([seen.body, there])).not.toMatch(/shop/);
    const own = all.find(({ app }) => app === "blog")!.id;
    expect((await get(`/pools/${own}`, token)).status).toBe(200);
    const none = await lab.newToken(["read"], []);
    expect((await get("/pools", none)).body.pools).toEqual([]);
  });
});

test("the log has one line a request, with its id, the token's number and no token", async () => {
  const { headers } = await get("/pools");
  const id = headers.get("x-request-id")!;
  const lines = lab.stack.functions
    .get("status")!
    .log()
    .split("\n")
    .filter((line) => line.includes(id));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...{ step: "request", requestId: id, function: "status", route: "/pools", status: 200, tokenId: "1" },
    steps: { authenticate: expect.any(Number), handle: expect.any(Number) },
  });
  expect(headers.get("server-timing")).toMatch(/authenticate;dur=[\d.]+.*handle;dur=/);
  expect(lab.stack.functions.get("status")!.log()).not.toContain(lab.token);
});

test("a line that was written below the request bears its id: the cache's, while Redis is away", async () => {
  const [{ id: pool }] = (await get("/pools")).body.pools;
  lab.stack.servers.redis.setDown(true);
  const id = (await get(`/pools/${pool}`)).headers.get("x-request-id")!;
  const lines = lab.stack.functions
    .get("status")!
    .log()
    .split("\n")
    .filter((line) => line.includes(id));
  expect(lines.map((line) => JSON.parse(line).step)).toEqual(["cache unavailable", "request"]);
});
