import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBreakers } from "../../../src/adapters/guard/breakers.ts";
import { createGuard } from "../../../src/adapters/guard/guard.ts";
import { createMeasures } from "../../../src/adapters/guard/measures.ts";
import { createOutgoing } from "../../../src/adapters/guard/outgoing.ts";
import { callHttp } from "../../../src/adapters/http.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createMemoryCallLimit } from "../../../src/adapters/memory/call-limit.ts";
import { createMemoryClock } from "../../../src/adapters/memory/clock.ts";
import { judgePostgres } from "../../../src/adapters/postgres/judge.ts";

const NOW = Date.UTC(2026, 3, 1);

function scene(clock = createMemoryClock(NOW)) {
  const store = createMemoryBreakerStore(clock.now);
  const breakers = createBreakers({ store, clock, chance: () => 0.5, log: () => {} });
  const limit = createMemoryCallLimit(clock.now);
  const measures = createMeasures();
  const limits = { read: limit, write: limit };
  const outgoing = createOutgoing(createGuard({ clock, chance: () => 0.5, breakers, measures, limits }));
  return { outgoing, breakers, clock, measures };
}

describe("fetch", () => {
  let server: Server;
  let url: string;
  let answers: [status: number, headers?: Record<string, string>][] = [];
  let asked = 0;
  beforeAll(async () => {
    server = createServer((_, response) => {
      asked += 1;
      const [status, headers = {}] = answers.shift() ?? [200];
      response.writeHead(status, headers).end(`body of ${status}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const ask = async (send: typeof fetch) => {
    const answer = await send(url);
    return `${answer.status} ${await answer.text()}`;
  };

  test("hands on every answer as it is, the unwelcome ones too, and tries those again", async () => {
    const send = scene().outgoing.sender("heartbeat", fetch);
    for (const [given, heard, calls] of [
      [[[200]], "200 body of 200", 1],
      [[[404]], "404 body of 404", 1],
      [[[500], [200]], "200 body of 200", 2],
      [[[500], [503]], "503 body of 503", 2],
      [[[401]], "401 body of 401", 1],
    ] as const) {
      answers = given.map(([status]) => [status]);
      asked = 0;
      expect(await ask(send)).toBe(heard);
      expect(asked).toBe(calls);
    }
  });

  test("a 429 closes the way for as long as its Retry-After says", async () => {
    const { outgoing, breakers, clock } = scene();
    const send = outgoing.sender("prometheus", fetch);
    answers = [[429, { "retry-after": "60" }]];
    expect(await ask(send)).toBe("429 body of 429");
    expect(breakers.statuses()).toMatchObject([{ name: "prometheus", mode: "OPEN", until: NOW + 60_000 }]);
    await expect(send(url)).rejects.toThrow(/prometheus is OPEN .*we were told to wait/);
    clock.set(NOW + 60_000);
    expect(await ask(send)).toBe("200 body of 200");
  });

  test("nothing is tried again after its caller has gone, or would have", async () => {
    const { outgoing, measures } = scene();
    const gone = new AbortController();
    let calls = 0;
    const failing = async (): Promise<Response> => {
      calls += 1;
      return new Response(null, { status: 503, headers: { "retry-after": "4" } });
    };
    const brief = outgoing.sender("experts", failing, 3_000);
    expect((await brief(url)).status, "Retry-After is beyond what the caller waits").toBe(503);
    const patient = outgoing.sender("experts", failing, 5_000);
    expect((await patient(url, { signal: AbortSignal.abort() })).status).toBe(503);
    expect(calls).toBe(2);
    expect((await patient(url, { signal: gone.signal })).status).toBe(503);
    expect(calls, "and with a caller who is there it is").toBe(4);
    expect(measures.take().experts).toMatchObject({ calls: 4, failed: 4 });
  });

  test("a caller who goes ends the wait for the next try", async () => {
    const clock = { ...createMemoryClock(NOW), sleep: () => new Promise<void>(() => {}) };
    const { outgoing } = scene(clock);
    const gone = new AbortController();
    const send = outgoing.sender("experts", async () => {
      setTimeout(() => gone.abort());
      return new Response(null, { status: 503 });
    });
    expect((await send(url, { signal: gone.signal })).status).toBe(503);
  });

  test("an answer within what its caller waits is not slow; one that takes longer is", async () => {
    for (const [waitMs, mode] of [
      [10_000, "CLOSED"],
      [undefined, "OPEN"],
    ] as const) {
      const { outgoing, breakers, clock } = scene();
      const takesEightSeconds = async () => {
        await clock.sleep(8_000);
        return new Response();
      };
      const send = outgoing.sender("experts", takesEightSeconds, waitMs);
      for (let i = 0; i < 6; i++) await send(url).catch(() => {});
      expect(breakers.statuses()).toMatchObject([{ name: "experts", mode }]);
    }
  });

  test("a call that is held back says so, and names the breaker", async () => {
    const send = scene().outgoing.sender("experts", () => Promise.reject(new TypeError("fetch failed")));
    const request = { method: "GET", url, timeoutMs: 1_000, maxBytes: 10 };
    for (let i = 0; i < 6; i++) await callHttp(send, request);
    const why = expect.stringMatching(
      /^Did not call experts: the breaker experts is OPEN .* Next: ask again/,
    );
    expect(await callHttp(send, request)).toEqual({ kind: "neverSent", why });
  });

  test("three refusals of a token, and a person is needed", async () => {
    const { outgoing, breakers, clock } = scene();
    const send = outgoing.sender("prometheus", fetch);
    answers = [[401], [403], [401]];
    for (const status of [401, 403, 401]) expect((await send(url)).status).toBe(status);
    clock.set(NOW + 86_400_000);
    expect(breakers.statuses()).toMatchObject([{ mode: "OPEN", cause: "denied", until: null }]);
    await expect(send(url)).rejects.toThrow(/an operator must reset it/);
  });

  test("one that is gone is left alone after a few calls", async () => {
    const { outgoing, measures } = scene();
    const send = outgoing.sender("experts", () => Promise.reject(new TypeError("fetch failed")));
    for (let i = 0; i < 12; i++) await send(url).catch(() => {});
    const { experts } = measures.take();
    expect(experts?.calls).toBeLessThan(12);
    expect(experts?.heldBack).toBeGreaterThan(5);
  });
});

describe("port", () => {
  test("every method goes through, with its arguments and its answer", async () => {
    const { outgoing, measures } = scene();
    const port = {
      add: async (a: number, b: number) => a + b,
      fail: () => Promise.reject(new Error("socket")),
    };
    const guarded = outgoing.port("postgres", port, judgePostgres);
    expect(await guarded.add(1, 2)).toBe(3);
    for (let i = 0; i < 10; i++) await guarded.fail().catch(() => {});
    await expect(guarded.add(1, 2)).rejects.toThrow(/^Did not call postgres/);
    expect(measures.take().postgres).toMatchObject({ calls: 5, failed: 4, heldBack: 7 });
  });
});
