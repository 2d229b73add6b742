// A Redis on a free loopback port, empty at the start and gone at the end. `embedded` is js-redis-server: RESP over real TCP,
// Lua in WebAssembly, inside this very process, so nothing need be installed. `redis-server` is the real thing from PATH.
// The trap: the embedded one is another implementation, so what matters (locks, limiters, scripts) is tested on both.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { createRedisMock } from "js-redis-server";
import { onFreePort } from "./free-port.ts";
import { startServer } from "./server-process.ts";
import { makeTempFolder } from "./temp-folder.ts";

export type RedisServerKind = "embedded" | "redis-server";

export interface LocalRedis {
  readonly port: number;
  close(): Promise<void>;
}

/** The full path of a program on PATH, or undefined. */
export function findProgram(name: string, path: string = process.env.PATH ?? ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder || ".", name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {}
  }
  return undefined;
}

async function startRedisServer(): Promise<LocalRedis> {
  const command = findProgram("redis-server");
  if (!command) {
    throw new Error(
      "There is no redis-server on PATH. Install one (Debian: apt-get install redis-server), or use the embedded server.",
    );
  }
  const folder = makeTempFolder();
  try {
    const { port, server } = await onFreePort(async (port) => {
      const args = [
        "--bind",
        "127.0.0.1",
        "--port",
        String(port),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder.path,
      ];
      const env = { PATH: process.env.PATH ?? "", LC_ALL: "C" };
      const ready = /ready to accept connections/i;
      const server = await startServer({
        name: "redis-server",
        command,
        args,
        cwd: folder.path,
        env,
        stopSignal: "SIGTERM",
        ready,
      });
      return { port, server };
    });
    return {
      port,
      async close() {
        await server.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/**
 * Starts a Redis on 127.0.0.1.
 * @param server `embedded` (default) or `redis-server`
 * @throws when redis-server is asked for and not on PATH, or does not start (with its log)
 */
export async function startRedis({
  server = "embedded",
}: {
  server?: RedisServerKind;
} = {}): Promise<LocalRedis> {
  if (server === "redis-server") return startRedisServer();
  const mock = await createRedisMock();
  return { port: mock.port, close: () => mock.close() };
}
