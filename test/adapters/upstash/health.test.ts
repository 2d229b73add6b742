import { describe, expect, it } from "vitest";
import { createUpstashHealth } from "../../../src/adapters/upstash/health.ts";
import { judgeRedis } from "../../../src/adapters/upstash/judge.ts";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { onEachServer, TOKEN } from "./servers.ts";

onEachServer((server, connect) => {
  describe(`the health of Redis (${server})`, () => {
    it("is an answer and its latency; or why there is none", async () => {
      const { bridge, close } = await connect();
      let now = 0;
      const clock = { now: () => (now += 7) };
      const healthWith = (token: string) =>
        createUpstashHealth(connectRedis({ url: bridge.url, token, timeoutMs: 200 }), clock)();
      const before = bridge.commands();
      expect(await healthWith(TOKEN)).toEqual({ ok: true, latencyMs: 7, why: null });
      expect(bridge.commands() - before).toBe(1);
      expect(await healthWith("wrong-one")).toEqual({
        ok: false,
        latencyMs: 7,
        why: "refused by Redis (Unauthorized)",
      });
      bridge.setDown("silent");
      expect(await healthWith(TOKEN)).toEqual({ ok: false, latencyMs: 7, why: "no answer in time" });
      bridge.setDown(true);
      expect((await healthWith(TOKEN)).why).toMatch(/^not reached \(\w+\)$/);
      await close();
    });

    it("is judged by what it answers: refusals are answers, silence is none", async () => {
      const { bridge, redis, close } = await connect();
      const verdictOf = async (work: () => Promise<unknown>) =>
        work().then(
          () => "none",
          (error: unknown) => judgeRedis(error).result,
        );
      await redis.rpush("list", "a");
      expect(await verdictOf(() => redis.incr("list"))).toBe("ignored");
      expect(await verdictOf(() => redis.evalsha("0".repeat(40), [], []))).toBe("ignored");
      const stranger = connectRedis({ url: bridge.url, token: "wrong-one", timeoutMs: 200 });
      expect(await verdictOf(() => stranger.get("x"))).toBe("denied");
      bridge.setDown(true);
      expect(await verdictOf(() => redis.get("x"))).toBe("failure");
      await close();
      const limit = Object.assign(new Error("ERR max requests limit exceeded. Limit: 500000"), {
        name: "UpstashError",
      });
      expect(judgeRedis(limit).result).toBe("limited");
    });
  });
});
