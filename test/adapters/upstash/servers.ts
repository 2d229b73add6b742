/**
 * The Upstash bridge on each Redis there is: the embedded one always, a real redis-server where one is installed. With
 * FLYAHEAD_EXPECT_REDIS=1 a missing redis-server fails instead of being skipped.
 */
import { describe } from "vitest";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { findProgram, startRedis } from "../../../src/local/redis.ts";
import { startUpstashBridge } from "../../../src/local/upstash-bridge.ts";

export const TOKEN = "AX-secret-of-these-tests";

const canSkip = findProgram("redis-server") === undefined && process.env.FLYAHEAD_EXPECT_REDIS !== "1";

export type Connected = Awaited<ReturnType<typeof connect>>;

async function connect(server: "embedded" | "redis-server") {
  const local = await startRedis({ server });
  const bridge = await startUpstashBridge({ redisPort: local.port, token: TOKEN });
  const close = async () => {
    await bridge.close();
    await local.close();
  };
  return { bridge, close, redis: connectRedis({ url: bridge.url, token: TOKEN, timeoutMs: 5_000 }) };
}

/** Runs the suite once for each server, with a function that starts it. */
export function onEachServer(suite: (server: string, connect: () => Promise<Connected>) => void): void {
  suite("embedded", () => connect("embedded"));
  describe.skipIf(canSkip)(canSkip ? "skipped: no redis-server on PATH" : "on a real server", () => {
    suite("redis-server", () => connect("redis-server"));
  });
}
