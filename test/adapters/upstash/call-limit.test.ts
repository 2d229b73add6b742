import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUpstashCallLimit } from "../../../src/adapters/upstash/call-limit.ts";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { describeCallLimit } from "../../contracts/call-limit.ts";
import { type Connected, onEachRedis, onEachServer, TOKEN } from "./servers.ts";

const FLY = { perSecond: 1, burst: 3 };

onEachRedis((server, connect) => {
  describeCallLimit(`Upstash on ${server}`, async () => {
    const { redis, close } = await connect();
    let now = 0;
    const prefix = `calls:${randomUUID()}`;
    return {
      limit: createUpstashCallLimit({ redis, prefix, now: () => now, log: () => {} }),
      setNow: (instant) => {
        now = instant;
      },
      close,
    };
  });
});

onEachServer((server, connect) => {
  describe(`a call limit whose Redis counts or fails (${server})`, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("costs four commands a token, and two where there is none", async () => {
      const { redis, bridge } = connected;
      const limit = createUpstashCallLimit({ redis, prefix: "cost", now: () => 5, log: () => {} });
      const costs: number[] = [];
      for (let i = 0; i < 4; i++) {
        const before = bridge.commands();
        await limit.take("k", FLY);
        costs.push(bridge.commands() - before);
      }
      expect(costs).toEqual([4, 4, 4, 2]);
    });

    it("is unavailable while Redis is, and on a key of another type, and says why without keys", async () => {
      const lines: string[] = [];
      const log = (step: string, facts: Record<string, unknown>) =>
        void lines.push(`${step} ${JSON.stringify(facts)}`);
      const redis = connectRedis({ url: connected.bridge.url, token: TOKEN, timeoutMs: 200 });
      const limit = createUpstashCallLimit({ redis, prefix: "down", now: () => 5, log });
      for (const down of [true, "silent"] as const) {
        connected.bridge.setDown(down);
        expect(await limit.take("my-machine", FLY)).toBe("unavailable");
        connected.bridge.setDown(false);
      }
      await connected.redis.set("down:text", "x");
      expect(await limit.take("text", FLY)).toBe("unavailable");
      expect(await limit.take("my-machine", FLY)).toEqual({ waitMs: 0 });
      expect(lines).toHaveLength(3);
      expect(lines.join("\n")).not.toMatch(/my-machine|down:|AX-secret|EVAL|HMGET/);
    });
  });
});
