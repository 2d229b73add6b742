import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBreakers } from "../../../src/adapters/guard/breakers.ts";
import { createGuard } from "../../../src/adapters/guard/guard.ts";
import { createMeasures } from "../../../src/adapters/guard/measures.ts";
import { createOutgoing } from "../../../src/adapters/guard/outgoing.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createMemoryCallLimit } from "../../../src/adapters/memory/call-limit.ts";
import { createMemoryClock } from "../../../src/adapters/memory/clock.ts";
import { judgePostgres } from "../../../src/adapters/postgres/judge.ts";

const NOW = Date.UTC(2026, 3, 1);

function scene() {
  const clock = createMemoryClock(NOW);
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
