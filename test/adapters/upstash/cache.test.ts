import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUpstashCache } from "../../../src/adapters/upstash/cache.ts";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { describeCache } from "../../contracts/cache.ts";
import { type Connected, onEachRedis, onEachServer, TOKEN } from "./servers.ts";

onEachRedis((server, connect) => {
  describeCache(`Upstash on ${server}`, async () => {
    const { redis, close } = await connect();
    return { cache: createUpstashCache({ redis, prefix: `cache:${randomUUID()}`, log: () => {} }), close };
  });
});

onEachServer((server, connect) => {
  describe(`a cache in a Redis that counts, spoils or fails (${server})`, () => {
    let connected: Connected;
    const lines: string[] = [];
    const log = (step: string, facts: Record<string, unknown>) =>
      void lines.push(`${step} ${JSON.stringify(facts)}`);
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("costs one command to read, one to keep and two for each tag, three to forget", async () => {
      const { redis, bridge } = connected;
      const cache = createUpstashCache({ redis, prefix: "cost", log });
      const cost = async (work: () => Promise<unknown>) => {
        const before = bridge.commands();
        await work();
        return bridge.commands() - before;
      };
      expect(await cost(() => cache.set("a", 1, { ttlMs: 60_000 }))).toBe(1);
      expect(await cost(() => cache.set("b", 1, { ttlMs: 60_000, tags: ["x", "y"] }))).toBe(5);
      expect(await cost(() => cache.get("a"))).toBe(1);
      expect(await cost(() => cache.invalidate("x"))).toBe(3);
      expect(await cost(() => cache.invalidate("x"))).toBe(1);
    });

    it("a tag does not outlive its values for long", async () => {
      const { redis } = connected;
      const cache = createUpstashCache({ redis, prefix: "tags", log });
      await cache.set("a", 1, { ttlMs: 5_000, tags: ["t"] });
      const left = await redis.pttl("tags:tag:t");
      expect(left).toBeGreaterThan(5_000);
      expect(left).toBeLessThanOrEqual(65_000);
    });

    it("what is no JSON is as good as nothing", async () => {
      const { redis } = connected;
      await redis.set("spoiled:a", "{half");
      const cache = createUpstashCache({ redis, prefix: "spoiled", log });
      expect(await cache.get("a")).toBeNull();
      expect(cache.stats()).toMatchObject({ hits: 0, misses: 1, failures: 0 });
    });

    it("away, it has nothing and keeps nothing, throws nothing, and says why without keys and values", async () => {
      const { url } = connected.bridge;
      const redis = connectRedis({ url, token: TOKEN, timeoutMs: 200 });
      const cache = createUpstashCache({ redis, prefix: "down", log });
      for (const down of [true, "silent"] as const) {
        connected.bridge.setDown(down);
        await cache.set("my-key", "my-value", { ttlMs: 1_000, tags: ["my-tag"] });
        await cache.set("my-key", "my-value", { ttlMs: 1_000 });
        expect(await cache.get("my-key")).toBeNull();
        await cache.invalidate("my-tag");
        connected.bridge.setDown(false);
      }
      expect(cache.stats()).toEqual({ hits: 0, misses: 2, sets: 4, failures: 8 });
      expect(lines).toHaveLength(8);
      expect(lines.join("\n")).not.toMatch(/my-key|my-value|my-tag|down:|AX-secret|SADD|\bSET\b/);
    });
  });
});
