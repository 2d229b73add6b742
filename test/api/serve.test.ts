import { describe, expect, test } from "vitest";
import { Problem } from "../../src/api/problem.ts";
import { type Handlers, jsonAnswer, serve } from "../../src/api/serve.ts";
import { ConfigError } from "../../src/config.ts";

type Line = [string, Record<string, unknown>];

function served(make: () => Handlers) {
  const log: Line[] = [];
  let made = 0;
  const handle = serve(
    () => {
      made += 1;
      return make();
    },
    { log: (step, facts) => void log.push([step, facts]), newToken: () => "request-1" },
  );
  const send = async (method = "GET") => {
    const answer = await handle(new Request("http://x/", { method }));
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, unknown>,
    };
  };
  return { send, log, made: () => made };
}
const failing = (error: unknown) => served(() => ({ GET: () => Promise.reject(error) }));

test("an answer passes with a request id; the handlers are made once, at the first request", async () => {
  const { send, made } = served(() => ({ GET: async () => jsonAnswer({ a: 1 }, { "x-more": "2" }) }));
  expect(made()).toBe(0);
  await send();
  const { status, headers, body } = await send();
  expect([status, body, made()]).toEqual([200, { a: 1 }, 1]);
  expect(["content-type", "x-request-id", "x-more"].map((name) => headers.get(name))).toEqual([
    "application/json",
    "request-1",
    "2",
  ]);
});

describe("what goes wrong", () => {
  test("a problem becomes problem+json with its headers and further members", async () => {
    const problem = new Problem(409, "busy", "Come again", {
      more: { apps: ["shop"] },
      headers: { "retry-after": "5" },
    });
    const { send, log } = failing(problem);
    const { status, headers, body } = await send();
    expect(status).toBe(409);
    expect(body).toEqual({
      type: "urn:flyahead:problem:busy",
      title: "Busy",
      status: 409,
      detail: "Come again",
      requestId: "request-1",
      apps: ["shop"],
    });
    expect([headers.get("content-type"), headers.get("retry-after"), headers.get("x-request-id")]).toEqual([
      "application/problem+json",
      "5",
      "request-1",
    ]);
    expect(log, "a refusal is no failure").toEqual([]);
  });

  test.each([
    new Error("password authentication failed for user admin at db.internal:5432"),
    "a text",
    undefined,
    null,
  ])("%s becomes a 500 that says nothing of it; the log does, under the same id", async (error) => {
    const { send, log } = failing(error);
    const { status, body } = await send();
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toMatch(/password|internal:|a text/);
    expect(body).toMatchObject({ type: "urn:flyahead:problem:internal", requestId: "request-1" });
    expect(log).toMatchObject([["request failed", { requestId: "request-1" }]]);
  });

  test("a handler that throws before it answers a promise is no exception", async () => {
    const { send } = served(() => ({
      GET: () => {
        throw new Error("at once");
      },
    }));
    expect((await send()).status).toBe(500);
  });

  test("faults of the configuration are told by name, and tried again at the next request", async () => {
    let faults = ["CADENCE_MINUTES should be 1, 5 or 15"];
    const { send, made } = served(() => {
      if (faults.length > 0) throw new ConfigError(faults);
      return { GET: async () => jsonAnswer({}) };
    });
    const { status, body } = await send();
    expect([status, body.type, body.faults]).toEqual([500, "urn:flyahead:problem:configuration", faults]);
    faults = [];
    expect((await send()).status).toBe(200);
    expect(made()).toBe(2);
  });
});

test.each(["POST", "HEAD", "OPTIONS", "DELETE"])(
  "%s, which is not there, is 405 and told what is",
  async (method) => {
    const handle = serve(() => ({ GET: async () => jsonAnswer({}) }), { log: () => {}, newToken: () => "1" });
    const answer = await handle(new Request("http://x/", { method }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
  },
);

test("a method with the name of an object's own part is not there either", async () => {
  const handle = serve(() => ({ GET: async () => jsonAnswer({}) }), { log: () => {}, newToken: () => "1" });
  const answer = await handle({ method: "constructor", headers: new Headers() } as Request);
  expect(answer.status).toBe(405);
});
