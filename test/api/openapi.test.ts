// The description and the functions say the same: every route is described, every described status and type of problem is
// answered by the real composition with the real handlers (on memory ports), and every answer is of the described shape.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, expect, test, vi } from "vitest";
import { createMemoryIdempotencyKeys } from "../../src/adapters/memory/idempotency.ts";
import { createMemoryPoolStatuses } from "../../src/adapters/memory/pool-status.ts";
import { createMemoryRequestLimit } from "../../src/adapters/memory/request-limit.ts";
import { createMemoryTokens } from "../../src/adapters/memory/tokens.ts";
import { sha256Hex } from "../../src/api/authenticate.ts";
import { describeApi, pathOf, problemsOf } from "../../src/api/openapi.ts";
import type { Probed } from "../../src/api/probe.ts";
import { PROBLEMS, type ProblemType } from "../../src/api/problem.ts";
import type { Endpoint, Route } from "../../src/api/route.ts";
import { type Made, serve } from "../../src/api/serve.ts";
import { FUNCTIONS, statusEndpoints } from "../../src/api/status.ts";
import { tickEndpoints } from "../../src/api/tick.ts";
import { trafficEndpoints } from "../../src/api/traffic.ts";
import { ConfigError } from "../../src/config.ts";
import { DAY_MS, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import type { TickRequest } from "../../src/ports.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { CADENCE_MS, machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene, SETTINGS } from "../support/memory-ports.ts";
import { poolDetail } from "../support/pool-examples.ts";

type Slug = keyof typeof FUNCTIONS;
// biome-ignore lint/suspicious/noExplicitAny: a description as it is served
const description = JSON.parse(JSON.stringify(describeApi(FUNCTIONS))) as any;
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: "api", ...description, components: description.components }, "api");
ajv.addVocabulary(["openapi", "info", "paths", "components"]);

const WORD = "fa_everything_0123456789";
const POOR = "fa_nothing_much_0123456789";
const seen = new Set<string>();

type Breaks = Partial<Made> & {
  readonly run?: (request: TickRequest) => Promise<never>;
  readonly probed?: readonly Probed[];
  readonly configuration?: boolean;
};

async function world(slug: Slug, breaks: Breaks = {}) {
  const scene = memoryScene({ [POOL.app]: [machine("m1")] });
  await runTick({ slot: NOW - CADENCE_MS, mode: "observe", apps: [POOL.app] }, SETTINGS, scene.ports);
  const tokens = createMemoryTokens(scene.database);
  for (const [word, scopes] of [
    [WORD, ["tick", "ingest", "read"]],
    [POOR, ["work"]],
  ] as const)
    tokens.add({ hash: await sha256Hex(word), scopes, apps: [POOL.app], expiresAt: null, revokedAt: null });
  const rules = { cadenceMs: CADENCE_MS, mode: "act", apps: [POOL.app], simulated: false } as const;
  const up: Probed = { name: "postgres", required: true, isUp: true, latencyMs: 1, breakers: {} };
  const run = breaks.run ?? ((request) => runTick(request, SETTINGS, scene.ports));
  const endpoints: Record<Slug, Endpoint[]> = {
    "auto-scaling": tickEndpoints({ rules, run }),
    traffic: trafficEndpoints({
      rules: { binMs: MINUTE_MS, maxAgeMs: DAY_MS },
      samples: scene.ports.samples,
    }),
    status: statusEndpoints({
      pools: createMemoryPoolStatuses([poolDetail(1, POOL.app, "fra"), poolDetail(2, "other", "fra")]),
      cache: scene.ports.cache,
      probe: async () => breaks.probed ?? [up],
    }),
  };
  const made: Made = {
    clock: scene.ports.clock,
    tokens,
    requestLimit: createMemoryRequestLimit(1_000, () => NOW),
    address: { header: "x-address", limit: createMemoryRequestLimit(1_000, () => NOW) },
    idempotencyKeys: createMemoryIdempotencyKeys(() => NOW),
    sync: async () => {},
    endpoints: endpoints[slug],
    ...breaks,
  };
  return { made, scene };
}

async function functionOf(slug: Slug, breaks: Breaks = {}) {
  const { made, scene } = await world(slug, breaks);
  const make = () => {
    if (breaks.configuration) throw new ConfigError(["FLY_APPS should be names"]);
    return made;
  };
  const tools = { log: () => {}, newToken: () => "id", underId: (_: string, run: () => never) => run() };
  const handle = serve(slug, make, { ...tools, elapsedMs: () => 0 } as never);
  return { handle, scene };
}

// biome-ignore lint/suspicious/noExplicitAny: an answer as it came
type Body = any;
type Call = {
  readonly path?: string;
  readonly token?: string | null;
  readonly init?: RequestInit & { duplex?: string };
};

/** A call that is answered 200. */
const GOOD: Readonly<Record<string, () => Call>> = {
  "POST /auto-scaling": () => ({ init: { body: "{}" } }),
  "POST /traffic": () => ({
    init: { body: JSON.stringify([{ ...POOL, at: formatInstant(NOW - MINUTE_MS), requests: 5 }]) },
  }),
  "GET /traffic": () => ({
    path: `/traffic?app=${POOL.app}&region=${POOL.region}&processGroup=${POOL.processGroup}`,
  }),
  "GET /status/health": () => ({}),
  "GET /status/ready": () => ({}),
  "GET /status/pools": () => ({}),
  "GET /status/pools/{id}": () => ({ path: "/status/pools/1" }),
  "GET /status/openapi.json": () => ({}),
};

async function answer(slug: Slug, route: Route, call: Call, handle: (request: Request) => Promise<Response>) {
  const { path = pathOf(slug, route), token = WORD, init = {} } = call;
  const headers = {
    ...(route.body ? { "content-type": "application/json" } : {}),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(init.headers as Record<string, string>),
  };
  const response = await handle(new Request(`http://x${path}`, { ...init, method: route.method, headers }));
  const body = (await response.json()) as Body;
  check(slug, route, response, body);
  return { status: response.status, body };
}

/** The answer is one that is described, with its very shape. */
function check(slug: Slug, route: Route, response: Response, body: Body) {
  const place = `${route.method} ${pathOf(slug, route)}`;
  const described =
    description.paths[pathOf(slug, route)][route.method.toLowerCase()].responses[response.status];
  expect(described, `${place} ${response.status} ${JSON.stringify(body)}`).toBeDefined();
  const type = response.headers.get("content-type")!;
  const pointer = [
    "paths",
    pathOf(slug, route),
    route.method.toLowerCase(),
    "responses",
    String(response.status),
    "content",
    type,
    "schema",
  ];
  const ref = `api#/${pointer
    .map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"))
    .map(encodeURIComponent)
    .join("/")}`;
  const validate = ajv.getSchema(ref)!;
  expect(validate, ref).toBeDefined();
  expect(validate(body), `${place}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(body)}`).toBe(
    true,
  );
  for (const header of Object.keys(described.headers ?? {}))
    expect(response.headers.get(header), header).not.toBeNull();
  seen.add(`${place} ${response.status === 200 ? "200" : body.type!.replace("urn:flyahead:problem:", "")}`);
}

const routes = (Object.entries(FUNCTIONS) as [Slug, readonly Route[]][]).flatMap(([slug, list]) =>
  list.map((route) => [`${route.method} ${pathOf(slug, route)}`, slug, route] as const),
);

/** How each type of problem is come by, on any route that may answer it; the rest is below. */
const WAYS: Partial<Record<ProblemType, (good: Call) => { call: Call; breaks?: Breaks }>> = {
  unauthorized: (good) => ({ call: { ...good, token: null } }),
  forbidden: (good) => ({ call: { ...good, token: POOR } }),
  "bad-request": (good) => ({ call: { ...good, path: "?a=1&a=2" } }),
  "rate-limited": (good) => ({
    call: { ...good, init: { ...good.init, headers: { "x-address": "203.0.113.1" } } },
    breaks: { address: { header: "x-address", limit: createMemoryRequestLimit(0, () => NOW) } },
  }),
  unavailable: (good) => ({
    call: good,
    breaks: { tokens: { find: () => Promise.reject(new Error("away")) } },
  }),
  configuration: (good) => ({ call: good, breaks: { configuration: true } }),
  internal: (good) => ({ call: good, breaks: { sync: () => Promise.reject(new Error("cut")) } }),
  "payload-too-large": (good) => ({
    call: { ...good, init: { ...good.init, headers: { "content-length": "9999999" } } },
  }),
  "unsupported-media-type": (good) => ({
    call: { ...good, init: { ...good.init, headers: { "content-type": "text/xml" } } },
  }),
};

test.each(routes)("%s: what is good is answered as described", async (name, slug, route) => {
  const { handle } = await functionOf(slug);
  expect((await answer(slug, route, GOOD[name]!(), handle)).status).toBe(200);
});

test.each(routes)("%s: what the composition refuses is answered as described", async (name, slug, route) => {
  for (const type of problemsOf(route)) {
    const way = WAYS[type]?.(GOOD[name]!());
    if (way === undefined) continue;
    const { handle } = await functionOf(slug, way.breaks);
    const path = way.call.path?.startsWith("?")
      ? `${(GOOD[name]!().path ?? pathOf(slug, route)).split("?")[0]}${way.call.path}`
      : way.call.path;
    const { status, body } = await answer(
      slug,
      route,
      path === undefined ? way.call : { ...way.call, path },
      handle,
    );
    expect([type, status, body.type]).toEqual([type, PROBLEMS[type].status, `urn:flyahead:problem:${type}`]);
  }
});

test.each(routes.filter(([, , route]) => route.body))(
  "%s: a body that does not come",
  async (_, slug, route) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { handle } = await functionOf(slug);
    const waiting = answer(slug, route, { init: { body: new ReadableStream({}), duplex: "half" } }, handle);
    // The token is hashed on another thread first; only then does the body get its deadline.
    while (vi.getTimerCount() === 0) await new Promise((next) => setImmediate(next));
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect((await waiting).status).toBe(408);
  },
);

test.each(routes.filter(([, , route]) => route.keyed))(
  "%s: a key at work, and one used for something else",
  async (name, slug, route) => {
    const first = GOOD[name]!();
    const body = first.init!.body as string;
    const headers = { "idempotency-key": "k" };
    const running = await functionOf(slug, {
      idempotencyKeys: {
        ...createMemoryIdempotencyKeys(() => NOW),
        claim: async () => ({ status: "running", retryAfterMs: 5 }),
      },
    });
    expect((await answer(slug, route, { init: { body, headers } }, running.handle)).status).toBe(409);
    const { handle } = await functionOf(slug);
    await answer(slug, route, { init: { body, headers } }, handle);
    expect((await answer(slug, route, { init: { body: ` ${body}`, headers } }, handle)).status).toBe(422);
  },
);

test("what the handlers themselves refuse", async () => {
  const [tick] = FUNCTIONS["auto-scaling"];
  const summary = (app: object) => async () => ({ slot: NOW, mode: "act", apps: [app] }) as never;
  const busy = await functionOf("auto-scaling", {
    run: summary({ app: "shop", status: "busy", retryAfterMs: 5 }),
  });
  await answer("auto-scaling", tick, { init: { body: "" } }, busy.handle);
  const failed = await functionOf("auto-scaling", {
    run: summary({ app: "shop", status: "failed", error: "why" }),
  });
  await answer("auto-scaling", tick, { init: { body: "" } }, failed.handle);
  const [send] = FUNCTIONS.traffic;
  const traffic = await functionOf("traffic");
  await answer("traffic", send, { init: { body: '[{"app":"shop"}]' } }, traffic.handle);
  const [, ready, , pool] = FUNCTIONS.status;
  const probed: readonly Probed[] = [
    { name: "postgres", required: true, isUp: false, latencyMs: 3_000, breakers: { postgres: "OPEN" } },
  ];
  await answer("status", ready, {}, (await functionOf("status", { probed })).handle);
  await answer("status", pool, { path: "/status/pools/2" }, (await functionOf("status")).handle);
});

test("a tick's other endings are of the described shape too", async () => {
  const [tick] = FUNCTIONS["auto-scaling"];
  const apps = [
    { app: "a", status: "closed" },
    { app: "b", status: "unreached" },
    { app: "c", status: "failed", error: "why" },
    { app: "d", status: "busy", retryAfterMs: 1 },
  ];
  const { handle } = await functionOf("auto-scaling", {
    run: async () => ({ slot: NOW, mode: "act", apps }) as never,
  });
  expect((await answer("auto-scaling", tick, { init: { body: "{}" } }, handle)).body.apps).toEqual(apps);
});

test("what is served is the description, and every function of the project is in it", async () => {
  const { handle } = await functionOf("status");
  const served = await (await handle(new Request("http://x/status/openapi.json"))).json();
  expect(served).toEqual(description);
  const folders = readdirSync(resolve(import.meta.dirname, "../../functions")).sort();
  expect(Object.keys(FUNCTIONS).sort()).toEqual(folders);
  for (const slug of folders as Slug[]) {
    const { made } = await world(slug);
    const served = new Set<Route>(made.endpoints.map(({ route }) => route));
    expect(made.endpoints, slug).toHaveLength(FUNCTIONS[slug].length);
    expect(
      FUNCTIONS[slug].every((route) => served.has(route)),
      slug,
    ).toBe(true);
  }
  const operations = Object.values<object>(description.paths).flatMap((path) => Object.values(path));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test("what a request is read by is what is described: types, limits, defaults", () => {
  const samples = description.paths["/traffic"].post.requestBody.content["application/json"].schema;
  expect(samples).toMatchObject({ type: "array", maxItems: 5_000 });
  expect(samples.items).toMatchObject({
    additionalProperties: false,
    required: ["app", "region", "at", "requests"],
    properties: { cpu: { maximum: 1 }, at: { format: "date-time" } },
  });
  const [app, , , minutes] = description.paths["/traffic"].get.parameters;
  expect(app).toMatchObject({ name: "app", in: "query", required: true });
  expect(minutes).toMatchObject({
    name: "minutes",
    required: false,
    schema: { default: 60, maximum: 10_080 },
  });
  expect(description.paths["/status/pools/{id}"].get.parameters[0]).toMatchObject({
    in: "path",
    required: true,
  });
  expect(description.paths["/status/health"].get.security).toEqual([]);
  expect(description.paths["/auto-scaling"].post.security).toEqual([{ token: ["tick"] }]);
});

afterAll(() => {
  const described = routes.flatMap(([name, , route]) =>
    ["200", ...problemsOf(route)].map((type) => `${name} ${type}`),
  );
  expect(
    described.filter((one) => !seen.has(one)),
    "described, and never answered",
  ).toEqual([]);
});
