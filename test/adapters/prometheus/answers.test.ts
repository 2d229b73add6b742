// Answers that a Prometheus, or what stands in front of it, may give: each becomes samples or a failure with its kind.
import { describe, expect, test } from "vitest";
import { authorizationOf } from "../../../src/adapters/prometheus/authorization.ts";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import { type Instant, MINUTE_MS, SECOND_MS } from "../../../src/core/time.ts";
import type { MetricMachine, TrafficAnswer } from "../../../src/ports.ts";

const START: Instant = Date.UTC(2026, 5, 17, 12, 0);
const TOKEN = "fm2_a-very-secret-word,fm2_another-secret-word";

type Seen = { readonly url: URL; readonly headers: Headers };
/** `values` by minute before or after START. */
type Series = { metric: Record<string, string>; values: [number, string][] };

const success = (result: readonly Series[], more: Record<string, unknown> = {}) =>
  Response.json({ status: "success", ...more, data: { resultType: "matrix", result } });
const machine: MetricMachine = { id: "m1", region: "fra", processGroup: "web", state: "started" };
const counter = (values: readonly (number | string)[], first = -5, offMs = 0): Series => ({
  metric: {
    __name__: "fly_app_http_responses_count",
    app: "shop",
    region: "fra",
    instance: "m1",
    status: "200",
  },
  values: values.map((value, i) => [(START + (first + i) * MINUTE_MS + offMs) / SECOND_MS, String(value)]),
});
/** Readings of a machine that serves 10 a minute, at the edges of the span that was asked for. */
const steady = (url: URL): Series => {
  const [from, to] = ["start", "end"].map((name) => Number(url.searchParams.get(name)) * SECOND_MS);
  const first = (from! - START) / MINUTE_MS;
  const length = (to! - from!) / MINUTE_MS + 1;
  return counter(
    Array.from({ length }, (_, i) => 10_000 + 10 * (first + i)),
    first,
  );
};

async function ask(
  respond: (url: URL, call: number) => Response | Promise<Response>,
  options: { minutes?: number; maxBytes?: number; timeoutMs?: number } = {},
): Promise<{ answer: TrafficAnswer; seen: Seen[] }> {
  const { minutes = 5, maxBytes = 1_000_000, timeoutMs = 5_000 } = options;
  const seen: Seen[] = [];
  const source = createPrometheusSource({
    ...{ baseUrl: "https://prometheus.example/org/", customQueries: [], maxBytes },
    authorization: authorizationOf(TOKEN),
    clock: { now: () => START + (minutes + 1) * MINUTE_MS },
    fetch: async (input, init) => {
      const url = new URL(String(input));
      seen.push({ url, headers: new Headers(init?.headers) });
      const answer = respond(url, seen.length);
      const aborted = new Promise<never>((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
      return Promise.race([answer, aborted]);
    },
  });
  const answer = await source.read({
    ...{ app: "shop", from: START, until: START + minutes * MINUTE_MS, binMs: MINUTE_MS, timeoutMs },
    ...{ machines: [machine], pools: [{ app: "shop", region: "fra", processGroup: "web" }] },
  });
  return { answer, seen };
}

const isCounter = (url: URL) => url.searchParams.get("query")?.includes("responses_count") ?? false;
const requestsOf = (answer: TrafficAnswer) =>
  answer.status === "answered" ? answer.samples.map(({ requests }) => requests) : answer;

describe("what is asked", () => {
  test("three range queries on the grid, with margin, without Fly's cache, with the token", async () => {
    const { seen, answer } = await ask((url) => success(isCounter(url) ? [steady(url)] : []));
    expect(requestsOf(answer)).toEqual([10, 10, 10, 10, 10]);
    expect(seen).toHaveLength(3);
    for (const { url, headers } of seen) {
      expect(url.origin + url.pathname).toBe("https://prometheus.example/org/api/v1/query_range");
      const { start, end, step, nocache } = Object.fromEntries(url.searchParams);
      expect([Number(start), Number(end)]).toEqual([START / SECOND_MS - 300, START / SECOND_MS + 300]);
      expect([step, nocache]).toEqual(["60", "1"]);
      expect(headers.get("authorization")).toBe(`FlyV1 ${TOKEN}`);
    }
  });

  test("with the scheme that the token wants", () => {
    expect(authorizationOf("fm2_x")).toBe("FlyV1 fm2_x");
    expect(authorizationOf("FlyV1 fm2_x")).toBe("FlyV1 fm2_x");
    expect(authorizationOf(" plain ")).toBe("Bearer plain");
    expect(authorizationOf("Basic dXNlcg==")).toBe("Basic dXNlcg==");
    expect(authorizationOf(null)).toBeNull();
  });
});

describe("values", () => {
  test("NaN and Inf were not measured: what was counted around them is spread", async () => {
    const values = [0, 10, 20, 30, 40, 50, 60, "NaN", "+Inf", 90, 100];
    const { answer } = await ask((url) => success(isCounter(url) ? [counter(values)] : []));
    expect(requestsOf(answer)).toEqual([10, 10, 10, 10, 10]);
  });

  test("readings off the grid are refused, not rounded", async () => {
    const { answer } = await ask((url) => success(isCounter(url) ? [counter([1, 2], 0, 20_000)] : []));
    expect(answer).toMatchObject({
      kind: "invalid",
      why: "a value of 2026-06-17T12:00:20Z was not asked for",
    });
  });

  test("a clock that lags has no newest readings: those bins are gaps, not zeros", async () => {
    const { answer } = await ask((url) =>
      success(isCounter(url) ? [counter([0, 10, 20, 30, 40, 50, 60, 70])] : []),
    );
    expect(requestsOf(answer)).toEqual([10, 10]);
  });
});

describe("an answer that is not whole is not used", () => {
  test.each([
    ["VictoriaMetrics says isPartial", { isPartial: true }, /partial/],
    ["Prometheus warns", { warnings: ["remote_read: connection refused"] }, /remote_read/],
  ])("%s", async (_, more, why) => {
    const { answer } = await ask((url) => success([steady(url)], more));
    expect(answer).toMatchObject({ status: "failed", kind: "partial", why: expect.stringMatching(why) });
  });

  test("but remarks about the query are not warnings of that kind", async () => {
    const remark = { warnings: ["PromQL info: metric might not be a counter"], isPartial: false };
    const { answer } = await ask((url) => success(isCounter(url) ? [steady(url)] : [], remark));
    expect(requestsOf(answer)).toHaveLength(5);
  });

  test("one query of three that fails fails all", async () => {
    const { answer } = await ask((url) =>
      isCounter(url) ? success([steady(url)]) : new Response("upstream", { status: 502 }),
    );
    expect(answer).toMatchObject({ status: "failed", kind: "unreachable" });
  });
});

describe("failures by kind", () => {
  const refusal = (status: number, errorType: string, error: string) => () =>
    Response.json({ status: "error", errorType, error }, { status });
  test.each([
    ["auth", () => new Response("unauthorized", { status: 401 })],
    ["rateLimited", () => new Response("", { status: 429 })],
    ["invalid", refusal(400, "bad_data", "parse error: unexpected end of input")],
    ["slow", refusal(503, "timeout", "query timed out in expression evaluation")],
    ["unreachable", () => new Response("<html>bad gateway</html>", { status: 502 })],
    ["invalid", () => new Response("<html>a page</html>")],
    ["invalid", () => Response.json({ status: "success", data: { resultType: "vector", result: [] } })],
    [
      "invalid",
      () =>
        Response.json({
          status: "success",
          data: { resultType: "matrix", result: [{ metric: {}, values: [[1, 2]] }] },
        }),
    ],
    ["unreachable", () => Promise.reject(Object.assign(new Error(TOKEN), { code: "ECONNRESET" }))],
  ] as const)("%s", async (kind, respond) => {
    const { answer } = await ask(respond);
    expect(answer).toMatchObject({ status: "failed", kind });
    expect(JSON.stringify(answer)).not.toContain("secret-word");
  });

  test("no answer in time is slow", async () => {
    const { answer } = await ask(() => new Promise<Response>(() => {}), { timeoutMs: 20 });
    expect(answer).toEqual({ status: "failed", kind: "slow", why: "no answer within 20 ms" });
  });

  test("a token that is echoed is blacked out", async () => {
    const echo = (status: number) => ask(() => new Response(`bad header: FlyV1 ${TOKEN}`, { status }));
    const text = JSON.stringify([(await echo(400)).answer, (await echo(401)).answer]);
    expect(text).toContain("[token]");
    expect(text).not.toContain("secret-word");
  });
});

describe("an answer that is too large", () => {
  const spanOf = (url: URL) => Number(url.searchParams.get("end")) - Number(url.searchParams.get("start"));

  test("is asked for in halves, and nothing is lost between them", async () => {
    const { answer, seen } = await ask(
      (url) =>
        spanOf(url) > 3_600
          ? Response.json(
              { status: "error", error: "exceeded maximum resolution of 11,000 points" },
              { status: 400 },
            )
          : success(isCounter(url) ? [steady(url)] : []),
      { minutes: 120 },
    );
    expect(requestsOf(answer)).toEqual(new Array(120).fill(10));
    expect(seen.length).toBe(3 + 2 * 3 + 4 * 3);
  });

  test("also where the body is cut at our own limit", async () => {
    const { answer } = await ask(
      (url) => success([steady(url)], { note: "x".repeat(60 * (spanOf(url) / 60)) }),
      {
        ...{ minutes: 60, maxBytes: 4_000 },
      },
    );
    expect(requestsOf(answer)).toHaveLength(60);
  });

  test("is given up where halves do not help", async () => {
    const { answer, seen } = await ask(() => success([], { note: "x".repeat(5_000) }), {
      minutes: 60,
      maxBytes: 1_000,
    });
    expect(answer).toMatchObject({ status: "failed", kind: "tooLarge" });
    expect(seen.length).toBeLessThan(20);
  });
});
