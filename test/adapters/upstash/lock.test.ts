import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUpstashLock } from "../../../src/adapters/upstash/lock.ts";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { describeLock } from "../../contracts/lock.ts";
import { type Connected, onEachRedis, onEachServer, TOKEN } from "./servers.ts";

onEachRedis((server, connect) => {
  describeLock(`Upstash on ${server}`, async () => {
    const { redis, close } = await connect();
    return { lock: createUpstashLock(redis), close };
  });
});

onEachServer((server, connect) => {
  describe(`a lock whose Redis fails (${server})`, () => {
    let connected: Connected;
    const lines: string[] = [];
    const log = (step: string, facts: Record<string, unknown>) =>
      void lines.push(`${step} ${JSON.stringify(facts)}`);

    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("costs one command to take and three to give back", async () => {
      const lock = createUpstashLock(connected.redis);
      const before = connected.bridge.commands();
      await lock.acquire("lock:cost", "token", 60_000);
      expect(connected.bridge.commands() - before).toBe(1);
      await lock.release("lock:cost", "token");
      expect(connected.bridge.commands() - before).toBe(4);
    });

    it("is unavailable, not broken, while connections are cut or silent; then it works again", async () => {
      const { url } = connected.bridge;
      const lock = createUpstashLock(connectRedis({ url, token: TOKEN, timeoutMs: 250 }), log);
      for (const down of [true, "silent"] as const) {
        connected.bridge.setDown(down);
        expect(await lock.acquire("lock:away", "my-token", 60_000)).toBe("unavailable");
        expect(await lock.release("lock:away", "my-token")).toBe(false);
        connected.bridge.setDown(false);
      }
      expect(await lock.acquire("lock:away", "my-token", 60_000)).toBe("acquired");
    });

    it("is unavailable with a wrong token, and on a key of another type", async () => {
      const { url } = connected.bridge;
      const stranger = connectRedis({ url, token: "wrong-one", timeoutMs: 2_000 });
      expect(await createUpstashLock(stranger, log).acquire("lock:x", "my-token", 60_000)).toBe(
        "unavailable",
      );
      await connected.redis.rpush("lock:list", "a");
      const lock = createUpstashLock(connected.redis, log);
      expect(await lock.acquire("lock:list", "my-token", 60_000)).toBe("unavailable");
      expect(await lock.release("lock:list", "my-token")).toBe(false);
    });

    it("said why each time, without keys, tokens or commands", () => {
      expect(lines).toHaveLength(7);
      const all = lines.join("\n");
      expect(all).toMatch(/no answer in time/);
      expect(all).toMatch(/Unauthorized/);
      expect(all).toMatch(/WRONGTYPE/);
      expect(all).not.toMatch(/my-token|wrong-one|AX-secret|lock:|\bGET\b|\bSET\b|EVAL|command was/);
    });
  });
});
