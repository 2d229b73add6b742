// The traffic function over HTTP, served by Deno: samples in, series out, and everything that can be wrong with either.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { DAY_MS, floorTo, formatInstant, HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { type Lab, replyOf, startLab } from "../support/installation.ts";
import { expectNothingInternal, expectProblem } from "../support/problems.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab(
    { shop: [{ region: "fra" }, { region: "syd", processGroup: "web" }], blog: [{ region: "fra" }] },
    { env: { SAMPLE_MAX_AGE_DAYS: "10" } },
  );
  lab.nextSlot();
  await lab.tick(["shop", "blog"]);
  lab.fly.advanceTo(lab.fly.now() + 6 * DAY_MS);
});
afterAll(() => lab.close());
afterEach(() => lab.stack.servers.redis.setDown(false));

const nowMinute = () => floorTo(lab.fly.now(), MINUTE_MS);
const sample = (minutesAgo: number, more: Record<string, unknown> = {}) => ({
  app: "shop",
  region: "fra",
  at: formatInstant(nowMinute() - minutesAgo * MINUTE_MS),
  requests: 10,
  ...more,
});
async function post(body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  return replyOf(await lab.call("traffic", { method: "POST", headers, body: text as string }));
}
const get = async (query: string, headers: Record<string, string> = {}) =>
  replyOf(await lab.call(`traffic?${query}`, { headers }));
const stored = async () =>
  Number((await lab.sql<{ count: string }[]>`select count(*) from flyahead.traffic_samples`)[0]!.count);

describe("samples in", () => {
  test("as a JSON array, all columns, and out again", async () => {
    const full = {
      errors: 1,
      p95LatencyMs: 120.5,
      cpu: 0.5,
      memory: 0.25,
      disk: 1,
      concurrency: 3,
      queueDepth: 0,
    };
    const reply = await post([sample(2, full), sample(1, { requests: 0 })]);
    expect([reply.status, reply.body]).toEqual([200, { stored: 2, refused: [] }]);
    const series = await get("app=shop&region=fra&minutes=5");
    expect(series.body).toEqual({
      app: "shop",
      region: "fra",
      processGroup: "app",
      binSeconds: 60,
      samples: [
        { at: sample(2).at, requests: 10, ...full },
        { at: sample(1).at, requests: 0 },
      ],
    });
  });

  test("as one JSON object a line, with blank lines and CRLF, for two pools", async () => {
    const lines = [sample(3), sample(3, { region: "syd", processGroup: "web" })].map((one) =>
      JSON.stringify(one),
    );
    const reply = await post(`${lines.join("\r\n\n")}\n`, { "content-type": "application/x-ndjson" });
    expect([reply.status, reply.body]).toEqual([200, { stored: 2, refused: [] }]);
    expect((await get("app=shop&region=syd&processGroup=web")).body.samples).toHaveLength(1);
  });

  test("sent again changes nothing, another value for the same minute corrects it, the last of a request counts", async () => {
    await post([sample(20)]);
    const before = await stored();
    expect((await post([sample(20), sample(20)])).body).toEqual({ stored: 2, refused: [] });
    expect((await post([sample(20, { requests: 5 }), sample(20, { requests: 77 })])).status).toBe(200);
    expect(await stored()).toBe(before);
    const { samples } = (await get("app=shop&region=fra&minutes=25")).body;
    expect(samples.find(({ at }: { at: string }) => at === sample(20).at)).toEqual({
      at: sample(20).at,
      requests: 77,
    });
  });

  test("at another offset is the same minute", async () => {
    const at = new Date(nowMinute() - 30 * MINUTE_MS + 2 * HOUR_MS).toISOString().replace(".000Z", "+02:00");
    await post([sample(30)]);
    const before = await stored();
    expect((await post([sample(0, { at })])).body).toEqual({ stored: 1, refused: [] });
    expect(await stored()).toBe(before);
  });

  test("5,000 at once, over several days; 5,001 are refused as a whole, by array and by line", async () => {
    const many = Array.from({ length: 5_001 }, (_, i) =>
      sample(i + 100, { region: "syd", processGroup: "web" }),
    );
    expect((await post(many.slice(0, 5_000))).body).toEqual({ stored: 5_000, refused: [] });
    const before = await stored();
    expect(expectProblem(lab, await post(many), 413, "payload-too-large").detail).toMatch(
      /Over 5000 samples.*in parts/,
    );
    const lines = many.map((one) => JSON.stringify(one)).join("\n");
    expectProblem(lab, await post(lines), 413, "payload-too-large");
    expect(await stored()).toBe(before);
  });

  const bad: [string, () => unknown, RegExp][] = [
    ["no object", () => "text", /expected object/],
    ["null", () => null, /expected object/],
    ["a nested list", () => [[sample(1)]], /expected object/],
    ["no app", () => sample(1, { app: undefined }), /^app: /],
    ["requests missing", () => sample(1, { requests: undefined }), /^requests: /],
    ["requests as text", () => sample(1, { requests: "10" }), /^requests: /],
    ["requests below zero", () => sample(1, { requests: -1 }), /^requests: /],
    ["requests beyond all measure", () => sample(1, { requests: 1e13 }), /^requests: /],
    ["a share over one", () => sample(1, { cpu: 55 }), /^cpu: /],
    ["an unknown field", () => sample(1, { reqeusts: 1 }), /reqeusts/],
    [
      "__proto__",
      () => JSON.parse(`{"__proto__":{"requests":5},${JSON.stringify(sample(1)).slice(1)}`),
      /proto/,
    ],
    ["constructor", () => sample(1, { constructor: { prototype: {} } }), /constructor/],
    ["two faults at once", () => sample(1, { requests: -1, cpu: 9 }), /^requests: .*; cpu: /],
    ["at is no time", () => sample(1, { at: "yesterday" }), /^at: /],
    ["at as a number", () => sample(1, { at: nowMinute() }), /^at: /],
    ["at without a zone", () => sample(1, { at: "2026-01-07T08:00:00" }), /^at: /],
    [
      "at between two bins",
      () => sample(0, { at: formatInstant(nowMinute() - 30_000) }),
      /start of a bin of 60 s/,
    ],
    ["the future", () => sample(-10), /in the future; it is 2026-/],
    ["too old", () => sample(11 * 24 * 60), /older than 10 days/],
    ["an unknown region", () => sample(1, { region: "nrt" }), /^no pool shop\/app@nrt; pools are found/],
    ["an unknown process group", () => sample(1, { processGroup: "jobs" }), /^no pool shop\/jobs@fra/],
    ["an unknown app", () => sample(1, { app: "nobody" }), /^no pool nobody\/app@fra/],
    ["SQL in a name", () => sample(1, { region: "'; drop table x" }), /^region: Invalid string/],
    [
      "quotes, braces and a backslash in a name",
      () => sample(1, { region: 'a"},{\\' }),
      /^region: Invalid string/,
    ],
  ];

  test("bad ones are refused by index with the reason, good ones are kept", async () => {
    const list = bad.flatMap(([, make], i) => [sample(40 + i), make()]);
    const { status, body } = await post(list);
    expect(status).toBe(200);
    expect(body.stored).toBe(bad.length);
    expect(body.refused.map(({ index }: { index: number }) => index)).toEqual(bad.map((_, i) => 2 * i + 1));
    body.refused.forEach(({ reason }: { reason: string }, i: number) => {
      expect(reason, bad[i]![0]).toMatch(bad[i]![2]);
    });
    expectNothingInternal(lab, JSON.stringify(body));
  });

  test("a line that is no JSON is refused like any other sample", async () => {
    const { body } = await post(`${JSON.stringify(sample(5))}\n{"app":\n${JSON.stringify(sample(6))}`);
    expect(body).toEqual({ stored: 2, refused: [{ index: 1, reason: "not JSON" }] });
  });

  test("where nothing could be stored: 422 with the reasons", async () => {
    const problem = expectProblem(
      lab,
      await post([sample(1, { region: "nrt" }), { a: 1 }]),
      422,
      "nothing-stored",
    );
    expect(problem.refused.map(({ index }: { index: number }) => index)).toEqual([0, 1]);
  });

  test("a token for some apps: the samples of others are refused", async () => {
    const authorization = `Bearer ${await lab.newToken(["ingest", "read"], ["blog"])}`;
    const { body } = await post([sample(1), sample(1, { app: "blog" })], { authorization });
    expect(body).toEqual({ stored: 1, refused: [{ index: 0, reason: "the token is not for app shop" }] });
    expect((await get("app=blog&region=fra", { authorization })).body.samples).toHaveLength(1);
    expectProblem(lab, await get("app=shop&region=fra", { authorization }), 403, "forbidden");
  });

  test("an empty list stores nothing and is no error", async () => {
    expect((await post([])).body).toEqual({ stored: 0, refused: [] });
  });

  test.each([
    ["nothing", ""],
    ["white space", " \n "],
    ["a text", '"samples"'],
    ["a cut array", '[{"app":"shop"'],
    ["another format", "app,region\nshop,fra"],
  ])("%s as a body: 400", async (_, body) => {
    expectProblem(lab, await post(body), 400, "bad-request");
  });

  test("bytes that are no UTF-8: 400", async () => {
    const problem = expectProblem(
      lab,
      await post(new Uint8Array([0x5b, 0xff, 0xfe, 0x5d])),
      400,
      "bad-request",
    );
    expect(problem.detail).toMatch(/UTF-8/);
  });

  test("over four megabytes: 413, announced or not", async () => {
    // Straight to the function: what is tried is how far it reads.
    const send = (body: unknown) =>
      fetch(`${lab.stack.functions.get("traffic")!.url}/traffic`, {
        method: "POST",
        headers: { authorization: `Bearer ${lab.token}` },
        body,
        duplex: "half",
      } as RequestInit);
    expectProblem(
      lab,
      await replyOf(await send(`[${" ".repeat(4 * 1024 * 1024)}]`)),
      413,
      "payload-too-large",
    );
    const pieces = Array.from({ length: 5 }, () => new TextEncoder().encode(" ".repeat(1024 * 1024)));
    const stream = new ReadableStream({
      pull(controller) {
        const piece = pieces.pop();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    });
    expectProblem(lab, await replyOf(await send(stream)), 413, "payload-too-large");
  });

  test.each([
    ["lists", `${"[".repeat(200_000)}${"]".repeat(200_000)}`, 400, "bad-request"],
    ["objects", `[${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}]`, 400, "bad-request"],
  ])("%s nested 200,000 deep are refused, and the function lives", async (_, body, status, type) => {
    expectProblem(lab, await post(body), status, type);
    expect((await post([sample(1)])).status).toBe(200);
  });
});

describe("series out", () => {
  test("as far back as asked, gaps left out", async () => {
    await post([
      sample(1, { app: "blog" }),
      sample(4, { app: "blog" }),
      sample(50, { app: "blog" }),
      sample(90, { app: "blog" }),
    ]);
    const at = async (query: string) =>
      (await get(`app=blog&region=fra${query}`)).body.samples.map((one: { at: string }) => one.at);
    expect(await at("&minutes=10")).toEqual([sample(4).at, sample(1).at]);
    expect(await at("")).toEqual([sample(50).at, sample(4).at, sample(1).at]);
    expect(await at("&minutes=10080")).toHaveLength(4);
  });

  test("of a pool that is not known or has no samples: none", async () => {
    expect((await get("app=shop&region=nrt")).body.samples).toEqual([]);
  });

  test.each([
    ["no app", "region=fra", /app/],
    ["no region", "app=shop", /region/],
    ["an unknown parameter", "app=shop&region=fra&hours=3", /hours/],
    ["minutes as text", "app=shop&region=fra&minutes=many", /minutes/],
    ["no minutes", "app=shop&region=fra&minutes=0", /minutes/],
    ["too many minutes", "app=shop&region=fra&minutes=10081", /minutes/],
    ["minutes left empty", "app=shop&region=fra&minutes=", /minutes/],
    ["minutes in hexadecimal", "app=shop&region=fra&minutes=0x10", /minutes/],
    ["minutes with an exponent", "app=shop&region=fra&minutes=1e1", /minutes/],
    ["half a minute", "app=shop&region=fra&minutes=1.5", /minutes/],
  ])("%s: 400", async (_, query, said) => {
    expect(JSON.stringify(expectProblem(lab, await get(query), 400, "bad-request"))).toMatch(said);
  });
});

describe("who may call", () => {
  test("POST needs scope ingest, GET needs scope read", async () => {
    const ingest = { authorization: `Bearer ${await lab.newToken(["ingest"])}` };
    const read = { authorization: `Bearer ${await lab.newToken(["read", "tick"])}` };
    expect((await post([sample(1)], ingest)).status).toBe(200);
    expect(expectProblem(lab, await post([sample(1)], read), 403, "forbidden").detail).toMatch(
      /scope ingest/,
    );
    expect((await get("app=shop&region=fra", read)).status).toBe(200);
    expect(expectProblem(lab, await get("app=shop&region=fra", ingest), 403, "forbidden").detail).toMatch(
      /scope read/,
    );
  });

  test("no token: 401, before the body is looked at", async () => {
    const answer = await fetch(`${lab.stack.functionsUrl}/traffic`, { method: "POST", body: "{broken" });
    expectProblem(lab, await replyOf(answer), 401, "unauthorized");
  });

  test.each(["PUT", "DELETE"])("%s: 405 with Allow", async (method) => {
    const answer = await lab.call("traffic", { method });
    expect(answer.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "POST"]);
    expectProblem(lab, await replyOf(answer), 405, "method-not-allowed");
  });
});

describe("outages", () => {
  test("Redis away: requests pass", async () => {
    lab.stack.servers.redis.setDown(true);
    const { status, headers } = await post([sample(1)]);
    expect([status, headers.get("ratelimit-limit")]).toEqual([200, "1000000"]);
  });

  test("Postgres away: 503 without a word of what is inside; and back", async () => {
    await lab.stack.servers.postgres.setDown(true);
    expectProblem(lab, await post([sample(1)]), 503, "unavailable");
    await lab.stack.servers.postgres.setDown(false);
    expect((await post([sample(1)])).status).toBe(200);
  });

  test("a day whose partition is new takes two requests at the same time", async () => {
    const old = Array.from({ length: 3 }, (_, i) => sample((7 + i) * 24 * 60));
    const replies = await Promise.all([post(old), post(old), post(old)]);
    expect(replies.map(({ body }) => body.stored)).toEqual([3, 3, 3]);
  });
});

describe("too many requests", () => {
  afterAll(() => lab.stack.restartFunction("traffic"));

  test("429 with Retry-After and the limit's headers, per token", async () => {
    await lab.stack.restartFunction("traffic", { ...lab.env, INGEST_REQUESTS_PER_MINUTE: "3" });
    const hasty = { authorization: `Bearer ${await lab.newToken(["ingest", "read"])}` };
    const calm = { authorization: `Bearer ${await lab.newToken(["ingest"])}` };
    const left = [];
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await post([sample(1)], hasty);
      expect([status, headers.get("ratelimit-limit")]).toEqual([200, "3"]);
      left.push(Number(headers.get("ratelimit-remaining")));
    }
    expect(left).toEqual([2, 1, 0]);
    const refused = await post([sample(1)], hasty);
    expectProblem(lab, refused, 429, "rate-limited");
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    const waitSeconds = Number(refused.headers.get("retry-after"));
    expect(waitSeconds).toBeGreaterThanOrEqual(1);
    expect(
      waitSeconds,
      "no longer than the window, though the clock here is a simulated one",
    ).toBeLessThanOrEqual(60);
    expect(refused.headers.get("ratelimit-reset")).toBe(String(waitSeconds));
    expect((await post([sample(1)], calm)).status).toBe(200);
    expect((await get("app=shop&region=fra", hasty)).status, "another scope has its own").toBe(200);
  });

  test("429 per address, before any token is looked at; without an address nobody is limited by it", async () => {
    await lab.stack.restartFunction("traffic", { ...lab.env, ADDRESS_REQUESTS_PER_MINUTE: "2" });
    const from = (address: string) => ({
      authorization: "Bearer fa_unknown_0123456789",
      "cf-connecting-ip": address,
    });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await post([], from("203.0.113.9"))).status);
    expect(statuses).toEqual([401, 401, 429]);
    const refused = await post([], from("203.0.113.9"));
    expect(expectProblem(lab, refused, 429, "rate-limited").detail).toMatch(/from this address/);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await post([], from("203.0.113.10"))).status).toBe(401);
    for (let i = 0; i < 4; i++) expect((await post([sample(1)])).status).toBe(200);
  });
});

describe("Idempotency-Key", () => {
  test("samples sent again under their key are answered from the books; others under it are refused", async () => {
    const headers = { "idempotency-key": "batch-1" };
    const list = [sample(60), sample(1, { region: "nrt" })];
    const first = await post(list, headers);
    const again = await post(list, headers);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect([first, again].map((one) => one.headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expectProblem(lab, await post([sample(61)], headers), 422, "key-reused");
    const other = { ...headers, authorization: `Bearer ${await lab.newToken(["ingest"])}` };
    expect((await post([sample(61)], other)).status, "another token's key").toBe(200);
    expectProblem(lab, await post(list, { "idempotency-key": "with a space" }), 400, "bad-request");
  });

  test("what was refused may be corrected under the same key", async () => {
    const headers = { "idempotency-key": "batch-2" };
    expectProblem(lab, await post([sample(1, { region: "nrt" })], headers), 422, "nothing-stored");
    expect((await post([sample(1)], headers)).body).toEqual({ stored: 1, refused: [] });
  });

  test("ten at the same time: stored once, the others wait or are told what was answered", async () => {
    const headers = { "idempotency-key": "batch-3" };
    const replies = await Promise.all(Array.from({ length: 10 }, () => post([sample(62)], headers)));
    expect(new Set(replies.map(({ status }) => status)).size).toBeLessThanOrEqual(2);
    for (const { status, body } of replies) {
      if (status === 200) expect(body).toEqual({ stored: 1, refused: [] });
      else expect(body.type).toBe("urn:flyahead:problem:still-running");
    }
    const done = replies.filter(({ status }) => status === 200);
    expect(done.filter(({ headers: told }) => told.get("idempotency-replayed") === null)).toHaveLength(1);
  });
});

describe("what is sent", () => {
  test.each([
    ["text/plain", undefined],
    ["application/x-www-form-urlencoded", undefined],
    ["application/json", "gzip"],
  ])("as %s, encoded %s: 415 that says what is read", async (type, encoding) => {
    const headers = { "content-type": type, ...(encoding ? { "content-encoding": encoding } : {}) };
    expectProblem(lab, await post(JSON.stringify([sample(1)]), headers), 415, "unsupported-media-type");
  });

  test("numbers too small for their column are nothing, and never a failure", async () => {
    const tiny = { requests: 5e-324, cpu: 1e-50, p95LatencyMs: 1e-60, queueDepth: Number.MIN_VALUE };
    expect((await post([sample(63, tiny)])).body).toEqual({ stored: 1, refused: [] });
    const { samples } = (await get("app=shop&region=fra&minutes=70")).body;
    const stored = samples.find(({ at }: { at: string }) => at === sample(63).at);
    expect(stored).toEqual({ at: sample(63).at, requests: 0, cpu: 0, p95LatencyMs: 0, queueDepth: 0 });
  });

  test("a sample of ten thousand unknown fields is refused in a few words", async () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i]));
    const { status, body } = await post([{ ...sample(1), ...many }]);
    expect(status).toBe(422);
    expect(JSON.stringify(body).length).toBeLessThan(1_000);
  });

  test("a name that the query gives twice: 400", async () => {
    expectProblem(lab, await get("app=shop&app=blog&region=fra"), 400, "bad-request");
  });

  test.each(["traffic/more", "traffic/../auto-scaling/x"])("%s: nothing there", async (path) => {
    expect((await replyOf(await lab.call(path))).status).toBe(404);
  });
});
