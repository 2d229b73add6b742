import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { createUpstashRequestLimit } from "../../../src/adapters/upstash/request-limit.ts";
import {
  CONTRACT_REQUESTS_PER_MINUTE,
  CONTRACT_START,
  describeRequestLimit,
} from "../../contracts/request-limit.ts";
import { type Connected, onEachRedis, onEachServer, TOKEN } from "./servers.ts";

onEachRedis((server, connect) => {
  describeRequestLimit(`Upstash on ${server}`, async () => {
    const { redis, close } = await connect();
    const requestsPerMinute = CONTRACT_REQUESTS_PER_MINUTE;
    const prefix = `limit:${randomUUID()}`;
    const limit = createUpstashRequestLimit({
      redis,
      requestsPerMinute,
      prefix,
      now: Date.now,
      log: () => {},
    });
    vi.useFakeTimers({ toFake: ["Date"], now: CONTRACT_START });
    return {
      limit,
      now: Date.now,
      advance: (ms) => void vi.setSystemTime(Date.now() + ms),
      close: async () => {
        vi.useRealTimers();
        await close();
      },
    };
  });
});

onEachServer((server, connect) => {
  describe(`a request limit whose Redis fails (${server})`, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("lets requests by and says why, while connections are cut, silent, or refused", async () => {
      const lines: string[] = [];
      const log = (step: string, facts: Record<string, unknown>) =>
        void lines.push(`${step} ${JSON.stringify(facts)}`);
      const { url } = connected.bridge;
      const redis = connectRedis({ url, token: TOKEN, timeoutMs: 200 });
      const limit = createUpstashRequestLimit({
        redis,
        requestsPerMinute: 1,
        prefix: "down",
        now: Date.now,
        log,
      });
      const free = { allowed: true, limit: 1, remaining: 1, resetAt: 0 };
      for (const down of [true, "silent"] as const) {
        connected.bridge.setDown(down);
        expect(await limit.take("caller-7")).toEqual(free);
        expect(await limit.take("caller-7")).toEqual(free);
        connected.bridge.setDown(false);
      }
      const stranger = connectRedis({ url, token: "wrong-one", timeoutMs: 2_000 });
      const refused = createUpstashRequestLimit({
        redis: stranger,
        requestsPerMinute: 1,
        prefix: "down",
        now: Date.now,
        log,
      });
      expect(await refused.take("caller-7")).toEqual(free);
      expect(lines).toHaveLength(5);
      expect(lines.join("\n")).not.toMatch(/caller-7|down:|wrong-one|AX-secret|EVAL/);
    });

    it("gives up after a second where the client would wait longer", async () => {
      const lines: unknown[] = [];
      const { url } = connected.bridge;
      const redis = connectRedis({ url, token: TOKEN, timeoutMs: 30_000 });
      const log = (_step: string, facts: Record<string, unknown>) => void lines.push(facts.why);
      const limit = createUpstashRequestLimit({
        redis,
        requestsPerMinute: 1,
        prefix: "slow",
        now: Date.now,
        log,
      });
      connected.bridge.setDown("silent");
      expect((await limit.take("caller-8")).allowed).toBe(true);
      connected.bridge.setDown(false);
      expect(lines).toEqual(["no answer in time"]);
    });
  });

  describe(`what a request costs (${server})`, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("nothing for the first tenth of the limit, then as Upstash bills; and no request is forgotten", async () => {
      const { redis, bridge } = connected;
      let now = CONTRACT_START;
      vi.useFakeTimers({ toFake: ["Date"], now });
      const isolate = () =>
        createUpstashRequestLimit({
          redis,
          requestsPerMinute: 20,
          prefix: "cost",
          now: () => now,
          log: () => {},
        });
      const [one, two] = [isolate(), isolate()];
      const costs: number[] = [];
      const left: number[] = [];
      for (let i = 0; i < 5; i++) {
        const before = bridge.commands();
        left.push((await one.take("caller")).remaining);
        costs.push(bridge.commands() - before);
      }
      expect(left).toEqual([19, 18, 17, 16, 15]);
      expect(costs.slice(0, 2)).toEqual([0, 0]);
      for (const cost of costs.slice(3)) expect(cost).toBeLessThanOrEqual(5);
      expect((await two.take("caller")).remaining, "free in the other isolate as well").toBe(19);
      let allowed = 6;
      for (let i = 0; i < 30; i++) if ((await one.take("caller")).allowed) allowed += 1;
      expect(allowed, "the limit, and what the other isolate gave away").toBe(21);
      now += 60_000;
      vi.setSystemTime(now);
      expect((await one.take("caller")).allowed, "a new minute has its own").toBe(true);
      vi.useRealTimers();
    });
  });
});
