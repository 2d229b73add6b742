// Not a test: a program for cleanup.test.ts that starts a stack, says where, and waits to be killed.
import { resolve } from "node:path";
import { startRedis } from "../../src/local/redis.ts";
import { startStack } from "../../src/local/stack.ts";

const [when = "up", redisServer = "embedded"] = process.argv.slice(2);
if (when === "starting") process.stdout.write("starting\n");
const stack = await startStack({
  root: resolve(import.meta.dirname, "../fixtures/deno-function"),
  functions: ["hello"],
  env: ({ postgres, redis }) => ({
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    REDIS_TOKEN: redis.token,
  }),
  migrate: async () => {},
});
if (redisServer === "redis-server") await startRedis({ server: "redis-server" });
await fetch(`${stack.functionsUrl}/hello`);
const pids = [stack.servers.postgres.pid(), stack.functions.get("hello")!.pid];
process.stdout.write(`${JSON.stringify({ folder: stack.folder, pids })}\n`);
if (when === "throw") throw new Error("a fault that nobody caught");
if (when === "exit") process.exit(3);
await stack.closed;
