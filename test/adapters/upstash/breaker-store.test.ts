import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUpstashBreakerStore } from "../../../src/adapters/upstash/breaker-store.ts";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { closedBreaker } from "../../../src/core/breaker/breaker.ts";
import { describeBreakerStore } from "../../contracts/breaker-store.ts";
import { type Connected, onEachRedis, onEachServer, TOKEN } from "./servers.ts";

onEachRedis((server, connect) => {
  describeBreakerStore(`Upstash on ${server}`, async () => {
    const { close, connectAgain } = await connect();
    const prefix = `breakers:${randomUUID()}`;
    const [redis, ...more] = [0, 1, 2].map(connectAgain);
    return {
      store: createUpstashBreakerStore(redis!, prefix),
      others: more.map((one) => createUpstashBreakerStore(one, prefix)),
      spoil: async (name) => void (await redis!.hset(prefix, { [name]: "7|no JSON" })),
      close: async () => {
        await redis!.del(prefix);
        await close();
      },
    };
  });
});

onEachServer((server, connect) => {
  describe(`breakers in a Redis that fails or counts (${server})`, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("cost one command to load, four to save however many", async () => {
      const { bridge, redis } = connected;
      const store = createUpstashBreakerStore(redis, "cost");
      const cost = async (work: () => Promise<unknown>) => {
        const before = bridge.commands();
        await work();
        return bridge.commands() - before;
      };
      const many = (version: number) =>
        Array.from({ length: 40 }, (_, i) => ({ name: `b${i}`, version, breaker: closedBreaker(0) }));
      expect(await cost(() => store.load())).toBe(1);
      expect(await cost(() => store.save(many(1)))).toBe(4);
      expect(await cost(() => store.save(many(1)))).toBe(2);
    });

    it("say why they are not to be had, without keys, tokens or commands", async () => {
      const { url } = connected.bridge;
      const store = createUpstashBreakerStore(
        connectRedis({ url, token: TOKEN, timeoutMs: 200 }),
        "secret-key",
      );
      for (const down of [true, "silent"] as const) {
        connected.bridge.setDown(down);
        const attempts = [store.load(), store.save([{ name: "n", version: 1, breaker: closedBreaker(0) }])];
        for (const attempt of attempts) {
          const failure = await attempt.catch((error: Error) => error);
          expect(String(failure)).toMatch(/^Error: Cannot .* in Redis: (not reached|no answer in time)/);
          expect(String(failure)).not.toMatch(/secret-key|AX-secret|HGETALL|EVAL/);
        }
        connected.bridge.setDown(false);
      }
    });
  });
});
