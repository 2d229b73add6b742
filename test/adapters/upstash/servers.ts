/**
 * The Upstash bridge on each Redis there is: the embedded one always, a real redis-server where one is installed. With
 * FLYAHEAD_EXPECT_REDIS=1 a missing redis-server fails instead of being skipped. Contracts also run on a real Upstash
 * where UPSTASH_TEST_URL and UPSTASH_TEST_TOKEN name a database for tests.
 */
import type { Redis } from "@upstash/redis";
import { describe, it } from "vitest";
import { connectRedis } from "../../../src/adapters/upstash/redis.ts";
import { findProgram, startRedis } from "../../../src/local/redis.ts";
import { startUpstashBridge } from "../../../src/local/upstash-bridge.ts";

export const TOKEN = "AX-secret-of-these-tests";

const canSkip = findProgram("redis-server") === undefined && process.env.FLYAHEAD_EXPECT_REDIS !== "1";

export type ConnectedRedis = {
  readonly redis: Redis;
  /** The same database through a client of its own. */
  connectAgain(): Redis;
  close(): Promise<void>;
};
export type Connected = Awaited<ReturnType<typeof connect>>;

async function connect(server: "embedded" | "redis-server") {
  const local = await startRedis({ server });
  const bridge = await startUpstashBridge({ redisPort: local.port, token: TOKEN });
  const close = async () => {
    await bridge.close();
    await local.close();
  };
  const connectAgain = () => connectRedis({ url: bridge.url, token: TOKEN, timeoutMs: 5_000 });
  return { bridge, close, connectAgain, redis: connectAgain() };
}

/** Runs the suite once for each server, with a function that starts it. */
export function onEachServer(suite: (server: string, connect: () => Promise<Connected>) => void): void {
  suite("embedded", () => connect("embedded"));
  describe.skipIf(canSkip)(canSkip ? "skipped: no redis-server on PATH" : "on a real server", () => {
    suite("redis-server", () => connect("redis-server"));
  });
}

/** As onEachServer, and on the real Upstash: for what needs no hand on the server. Keys must be random. */
export function onEachRedis(suite: (server: string, connect: () => Promise<ConnectedRedis>) => void): void {
  onEachServer(suite);
  const { UPSTASH_TEST_URL: url, UPSTASH_TEST_TOKEN: token } = process.env;
  if (!url || !token) {
    describe.skip("on a real Upstash", () => {
      it("skipped: UPSTASH_TEST_URL and UPSTASH_TEST_TOKEN are not set", () => {});
    });
    return;
  }
  const connectAgain = () => connectRedis({ url, token, timeoutMs: 5_000 });
  suite("a real Upstash", async () => ({ redis: connectAgain(), connectAgain, close: async () => {} }));
}
