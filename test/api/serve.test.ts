// The composition around every endpoint, on memory ports: what is refused, in which order, and what leaves in any case.
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createMemoryDatabase } from "../../src/adapters/memory/database.ts";
import { createMemoryIdempotencyKeys } from "../../src/adapters/memory/idempotency.ts";
import { createMemoryRequestLimit } from "../../src/adapters/memory/request-limit.ts";
import { createMemoryTokens } from "../../src/adapters/memory/tokens.ts";
import { sha256Hex } from "../../src/api/authenticate.ts";
import { Problem } from "../../src/api/problem.ts";
import { type Answer, type Call, endpoint, type Route } from "../../src/api/route.ts";
import { type Made, serve } from "../../src/api/serve.ts";
import { ConfigError } from "../../src/config.ts";
import { HeldBackError } from "../../src/errors.ts";
import { NOW } from "../core/examples.ts";

const OPEN = {
  ...{ method: "GET", path: "/open", scope: null, summary: "", problems: [] },
  answer: z.unknown(),
} as const satisfies Route;
const READ = {
  ...{ method: "GET", path: "/things/:id", scope: "read", summary: "", problems: [] },
  params: z.strictObject({ id: z.string().regex(/^\d+$/).transform(Number) }),
  query: z.strictObject({ n: z.coerce.number().int().max(9).default(1) }),
  answer: z.unknown(),
} as const satisfies Route;
const shape = z.strictObject({ a: z.number(), b: z.string().optional() });
const WRITE = {
  ...{ method: "POST", path: "/", scope: "ingest", summary: "", problems: [], keyed: true },
  body: { limitBytes: 100, types: { "application/json": shape }, json: shape },
  answer: z.unknown(),
} as const satisfies Route;

type Line = { step: string; facts: Record<string, unknown> };
let lines: Line[];
let handled: Call[];
let work: (call: Call) => Promise<Answer>;
let world: Made;
let made: number;
let breakMaking: Error | null;

const READER = "fa_reader_0123456789";
const WRITER = "fa_writer_0123456789";

beforeEach(async () => {
  [lines, handled, made, breakMaking] = [[], [], 0, null];
  work = async () => ({ body: { done: handled.length } });
  const tokens = createMemoryTokens(createMemoryDatabase(() => NOW));
  for (const [word, scopes] of [
    [READER, ["read"]],
    [WRITER, ["read", "ingest"]],
  ] as const)
    tokens.add({ hash: await sha256Hex(word), scopes, apps: null, expiresAt: null, revokedAt: null });
  const handle = async (call: unknown) => {
    handled.push(call as Call);
    return work(call as Call);
  };
  world = {
    clock: { now: () => NOW, sleep: async () => {} },
    tokens,
    requestLimit: createMemoryRequestLimit(1_000, () => NOW),
    address: { header: "x-address", limit: createMemoryRequestLimit(1_000, () => NOW) },
    idempotencyKeys: createMemoryIdempotencyKeys(() => NOW),
    sync: async () => {},
    endpoints: [endpoint(OPEN, handle), endpoint(READ, handle), endpoint(WRITE, handle)],
  };
});

let ids = 0;
const function_ = () =>
  serve(
    "fn",
    () => {
      made += 1;
      if (breakMaking) throw breakMaking;
      return world;
    },
    {
      log: (step, facts) => void lines.push({ step, facts }),
      newToken: () => `request-${++ids}`,
      underId: (_id, run) => run(),
      elapsedMs: () => 5,
    },
  );
async function send(path: string, init: RequestInit & { token?: string } = {}, to = function_()) {
  const { token, ...rest } = init;
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(rest.headers as object) };
  const answer = await to(new Request(`http://x${path}`, { ...rest, headers }));
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}
const post = (body: string, more: Record<string, string> = {}, token = WRITER) =>
  send("/fn", { method: "POST", body, token, headers: { "content-type": "application/json", ...more } });

test("an answer passes with a request id, never to be kept; endpoints are made once, at the first request", async () => {
  const to = function_();
  expect(made).toBe(0);
  await send("/fn/open", {}, to);
  const { status, headers, body } = await send("/fn/open", {}, to);
  expect([status, body, made]).toEqual([200, { done: 2 }, 1]);
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": `request-${ids}`,
    "server-timing": expect.stringMatching(/^sync;dur=0, read;dur=0, handle;dur=0$/),
  });
});

describe("where it goes", () => {
  test.each(["/fn/open", "/open", "/fn/open/", "/open/"])("%s is the endpoint /open", async (path) => {
    expect((await send(path)).status).toBe(200);
  });

  test.each([
    "/fn/other",
    "/fn/open/more",
    "/fnopen",
    "/fn/fn/open",
    "/*",
    "/fn/things",
    "/fn/:id",
    "//open",
  ])("%s is nowhere: 404 that says what there is", async (path) => {
    const { status, body } = await send(path);
    expect([status, body.type]).toEqual([404, "urn:flyahead:problem:not-found"]);
    expect(body.detail).toBe("There is nothing here; fn has /fn/open, /fn/things/:id, /fn");
  });

  test.each([
    ["POST", "/fn/open", "GET"],
    ["HEAD", "/fn/open", "GET"],
    ["OPTIONS", "/fn/things/5", "GET"],
    ["GET", "/fn", "POST"],
    ["DELETE", "/fn/", "POST"],
  ])("%s %s: 405 with Allow", async (method, path, allow) => {
    const answer = await function_()(new Request(`http://x${path}`, { method }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    expect(handled).toEqual([]);
  });

  test("a method with the name of an object's own part is not there either", async () => {
    const request = { method: "constructor", url: "http://x/fn", headers: new Headers() } as Request;
    expect((await function_()(request)).status).toBe(405);
  });

  test("a request without a path, as OPTIONS * is, is a bad request", async () => {
    const request = { method: "OPTIONS", url: "*", headers: new Headers(), body: null } as Request;
    expect((await function_()(request)).status).toBe(400);
  });

  test("what is in the path and the query is parsed; all faults are told", async () => {
    await send("/fn/things/7?n=4", { token: READER });
    expect([handled[0]?.params, handled[0]?.query]).toEqual([{ id: 7 }, { n: 4 }]);
    const id = await send("/fn/things/x", { token: READER });
    expect([id.status, id.body.detail]).toEqual([400, expect.stringMatching(/^The path is not/)]);
    const query = await send("/fn/things/7?n=99&m=1", { token: READER });
    expect(query.body.faults).toEqual([expect.stringMatching(/^n: /), expect.stringMatching(/"m"/)]);
    const twice = await send("/fn/things/7?n=1&n=2&__proto__=1", { token: READER });
    expect(twice.body.faults).toEqual(["n: given more than once"]);
    expect((await send("/fn/things/7?__proto__=1", { token: READER })).status).toBe(400);
  });
});

describe("what goes wrong", () => {
  test("a problem becomes problem+json with its headers and further members", async () => {
    work = async () => {
      throw new Problem("busy", "Come again", { more: { apps: ["shop"] }, headers: { "retry-after": "5" } });
    };
    const { status, headers, body } = await send("/fn/open");
    expect(status).toBe(409);
    expect(body).toEqual({
      type: "urn:flyahead:problem:busy",
      title: "Busy",
      status: 409,
      detail: "Come again",
      requestId: headers.get("x-request-id"),
      apps: ["shop"],
    });
    expect([headers.get("content-type"), headers.get("retry-after")]).toEqual([
      "application/problem+json",
      "5",
    ]);
    expect(lines.map(({ step }) => step)).toEqual(["request"]);
  });

  test.each([
    new Error("password authentication failed for user admin at db.internal:5432"),
    "a text",
    undefined,
    null,
  ])("%s becomes a 500 that says nothing of it; the log does", async (error) => {
    work = () => Promise.reject(error);
    const { status, body } = await send("/fn/open");
    expect([status, body.type]).toEqual([500, "urn:flyahead:problem:internal"]);
    expect(JSON.stringify(body)).not.toMatch(/password|internal:5|a text/);
    expect(lines[0]).toMatchObject({ step: "request failed", facts: { error: expect.anything() } });
  });

  test("faults of the configuration are told by name, and tried again at the next request", async () => {
    const faults = ["CADENCE_MINUTES should be 1, 5 or 15"];
    const to = function_();
    breakMaking = new ConfigError(faults);
    const { status, body } = await send("/fn/open", {}, to);
    expect([status, body.type, body.faults]).toEqual([500, "urn:flyahead:problem:configuration", faults]);
    breakMaking = null;
    expect((await send("/fn/open", {}, to)).status).toBe(200);
    expect(made).toBe(2);
  });

  test("books that cannot be read are a 503 and not an unknown token", async () => {
    world = { ...world, tokens: { find: () => Promise.reject(new Error("connect ECONNREFUSED db:5432")) } };
    const { status, headers, body } = await send("/fn/things/1", { token: READER });
    expect([status, body.type, headers.get("retry-after")]).toEqual([
      503,
      "urn:flyahead:problem:unavailable",
      "10",
    ]);
    expect(JSON.stringify(body)).not.toMatch(/ECONN|db:/);
    expect(lines[0]).toMatchObject({ step: "books unreachable", facts: { error: /ECONNREFUSED/ } });
  });
});

describe("a call that was held back", () => {
  const isWhatIsSaid = (answer: Awaited<ReturnType<typeof send>>, seconds: string) => {
    const { status, body, headers } = answer;
    expect([status, body.type, headers.get("retry-after")]).toEqual([
      503,
      "urn:flyahead:problem:unavailable",
      seconds,
    ]);
    expect(JSON.stringify(body)).not.toMatch(/postgres|breaker/);
    expect(lines.map(({ facts }) => facts.error)).toContainEqual(expect.stringMatching(/breaker postgres/));
  };
  const heldBack = (ms: number | null) => new HeldBackError("postgres", "the breaker postgres is OPEN", ms);

  test("is a 503 that says when to come again, by a handler", async () => {
    work = () => Promise.reject(heldBack(12_300));
    isWhatIsSaid(await send("/fn/things/1", { token: READER }), "13");
  });
  test("and before it, when the token is looked up", async () => {
    world = { ...world, tokens: { find: () => Promise.reject(heldBack(1)) } };
    isWhatIsSaid(await send("/fn/things/1", { token: READER }), "1");
  });
  test("and a minute where only a person can help", async () => {
    work = () => Promise.reject(heldBack(null));
    isWhatIsSaid(await send("/fn/things/1", { token: READER }), "60");
  });
});

describe("the log", () => {
  test("has one line a request: what, by whom, how it went and how long each step took", async () => {
    await post('{"a":1}');
    await send("/fn/secret-path?token=fa_x");
    expect(lines.map(({ step, facts }) => [step, facts])).toEqual([
      [
        "request",
        {
          ...{ function: "fn", method: "POST", route: "/", status: 200, problem: null, tokenId: "2", ms: 0 },
          steps: { sync: 0, authenticate: 0, limit: 0, read: 0, handle: 0 },
        },
      ],
      [
        "request",
        {
          ...{ function: "fn", method: "GET", route: null, status: 404, problem: "not-found" },
          ...{ tokenId: null, ms: 0, steps: {} },
        },
      ],
    ]);
  });

  test("a stranger is told no times", async () => {
    expect((await send("/fn/things/1")).headers.get("server-timing")).toBeNull();
    expect((await send("/fn/things/1", { token: READER })).headers.get("server-timing")).toMatch(/handle/);
  });
});

describe("the order", () => {
  const huge = { "content-length": "101", "content-type": "text/plain" };

  test("announced size, token, scope, limit, type, size, JSON, shape", async () => {
    const refusal = async (body: string, headers: Record<string, string>, token?: string) => {
      const init = { method: "POST", body, headers };
      const { body: problem } = await send("/fn", token === undefined ? init : { ...init, token });
      return problem.type.replace("urn:flyahead:problem:", "");
    };
    const json = { "content-type": "application/json" };
    const unlimited = world;
    expect(await refusal("{", huge)).toBe("payload-too-large");
    expect(await refusal("{", { "content-type": "text/plain" })).toBe("unauthorized");
    expect(await refusal("{", { "content-type": "text/plain" }, READER)).toBe("forbidden");
    world = { ...world, requestLimit: createMemoryRequestLimit(0, () => NOW) };
    expect(await refusal("{", { "content-type": "text/plain" }, WRITER)).toBe("rate-limited");
    world = unlimited;
    expect(await refusal("{", { "content-type": "text/plain" }, WRITER)).toBe("unsupported-media-type");
    expect(await refusal("{", { ...json, "content-encoding": "gzip" }, WRITER)).toBe(
      "unsupported-media-type",
    );
    expect(await refusal("x".repeat(101), json, WRITER)).toBe("payload-too-large");
    expect(await refusal("{", json, WRITER)).toBe("bad-request");
    expect(await refusal("{}", json, WRITER)).toBe("bad-request");
    expect(await refusal('{"a":1}', { ...json, "idempotency-key": "a b" }, WRITER)).toBe("bad-request");
    expect(handled).toEqual([]);
    expect((await post('{"a":1}', { "content-type": "application/json; charset=utf-8" })).status).toBe(200);
  });

  test("an address over its limit is refused before its token is looked at; others, and none, are not", async () => {
    let asked = 0;
    const find = async () => {
      asked += 1;
      return null;
    };
    const limit = createMemoryRequestLimit(2, () => NOW);
    world = { ...world, tokens: { find }, address: { header: "x-address", limit } };
    const from = (address?: string) =>
      send("/fn/things/1", { token: READER, headers: address ? { "x-address": address } : {} });
    const statuses = [];
    for (const address of ["9.9.9.9", "9.9.9.9", "9.9.9.9", "9.9.9.8", undefined, undefined, undefined])
      statuses.push((await from(address)).status);
    expect(statuses).toEqual([401, 401, 429, 401, 401, 401, 401]);
    expect(asked).toBe(6);
  });
});

describe("a token's limit", () => {
  test("is told in every answer, also in a refusal, and counted by scope", async () => {
    world = { ...world, requestLimit: createMemoryRequestLimit(2, () => NOW) };
    const first = await post('{"a":1}');
    const second = await post("{}");
    const third = await post('{"a":1}');
    expect([first, second, third].map(({ status }) => status)).toEqual([200, 400, 429]);
    expect([first, second, third].map(({ headers }) => headers.get("ratelimit-remaining"))).toEqual([
      "1",
      "0",
      "0",
    ]);
    expect(third.headers.get("retry-after")).toBe("60");
    expect((await send("/fn/things/1", { token: WRITER })).status, "another scope").toBe(200);
  });
});

describe("Idempotency-Key", () => {
  const key = { "idempotency-key": "k-1" };

  test("the same request again is answered as the first was, and not done again", async () => {
    const first = await post('{"a":1}', key);
    const again = await post('{"a":1}', key);
    expect([first.body, again.body, handled.length]).toEqual([{ done: 1 }, { done: 1 }, 1]);
    expect([first, again].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expect((await post('{"a":1}')).body, "without a key it is done").toEqual({ done: 2 });
    expect((await post('{"a":1}', { "idempotency-key": "k-2" })).body).toEqual({ done: 3 });
  });

  test("another body under the same key is 422", async () => {
    await post('{"a":1}', key);
    const other = await post('{"a":2}', key);
    expect([other.status, other.body.type]).toEqual([422, "urn:flyahead:problem:key-reused"]);
    expect(handled).toHaveLength(1);
  });

  test("the same request while the first is at work is 409 with Retry-After", async () => {
    let finish = () => {};
    work = () =>
      new Promise((done) => {
        finish = () => done({ body: "first" });
      });
    const first = post('{"a":1}', key);
    while (handled.length === 0) await new Promise((next) => setTimeout(next, 1));
    const second = await post('{"a":1}', key);
    expect([second.status, second.body.type, second.headers.get("retry-after")]).toEqual([
      409,
      "urn:flyahead:problem:still-running",
      "10",
    ]);
    finish();
    expect((await first).body).toBe("first");
    expect((await post('{"a":1}', key)).body).toBe("first");
  });

  test.each([new Problem("nothing-stored", "None"), new Error("cut")])(
    "%s gives the key free, for a corrected request too",
    async (error) => {
      work = () => Promise.reject(error);
      expect((await post('{"a":1}', key)).status).toBeGreaterThanOrEqual(422);
      work = async () => ({ body: "corrected" });
      expect((await post('{"a":2}', key)).body).toBe("corrected");
    },
  );

  test("an answer that is too long to be kept is given, and its key is free", async () => {
    work = async () => ({ body: "x".repeat(70_000) });
    expect((await post('{"a":1}', key)).status).toBe(200);
    expect((await post('{"a":1}', key)).headers.get("idempotency-replayed")).toBeNull();
    expect(handled).toHaveLength(2);
  });

  test("an answer that cannot be kept is given all the same, and the log says so", async () => {
    const keep = () => Promise.reject(new Error("gone"));
    world = { ...world, idempotencyKeys: { ...world.idempotencyKeys, keep } };
    expect((await post('{"a":1}', key)).status).toBe(200);
    expect(lines.map(({ step }) => step)).toContain("idempotency key");
  });

  test("is each token's own", async () => {
    const other = "fa_another_0123456789";
    (world.tokens as ReturnType<typeof createMemoryTokens>).add({
      ...{ hash: await sha256Hex(other), scopes: ["ingest"], apps: null },
      ...{ expiresAt: null, revokedAt: null },
    });
    await post('{"a":1}', key);
    expect((await post('{"a":1}', key, other)).body).toEqual({ done: 2 });
  });

  test("tells nothing of before to a token whose apps were narrowed since", async () => {
    const find = async () => ({ tokenId: "7", scopes: ["ingest"], apps });
    let apps: readonly string[] | null = null;
    world = { ...world, tokens: { find } };
    await post('{"a":1}', key);
    apps = ["shop"];
    const after = await post('{"a":1}', key);
    expect([after.status, after.body.type]).toEqual([422, "urn:flyahead:problem:key-reused"]);
  });
});
