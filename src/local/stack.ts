// The whole installation without an account: Postgres, Redis behind Upstash's REST, and Deno serving the functions behind a
// gateway, in one temp folder, on free ports of 127.0.0.1. What Fly is, which migrations there are and what the
// functions' environment holds is the caller's matter. The trap is the order: servers start at the same time, then migrations
// and functions do, so `env` may use every URL but nothing that a migration returns.
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createCleanup } from "./cleanup.ts";
import { type DenoFunction, startDenoFunction } from "./deno.ts";
import { startGateway } from "./gateway.ts";
import { type LocalPostgres, startPostgres } from "./postgres.ts";
import { type RedisServerKind, startRedis } from "./redis.ts";
import { makeTempFolder } from "./temp-folder.ts";
import { startUpstashBridge, type UpstashBridge } from "./upstash-bridge.ts";

export interface StackParts {
  /** Temp folder of the stack, removed on close. */
  readonly folder: string;
  readonly postgres: {
    /** The stack's database; the superuser's URL, as adminUrl, until the caller makes a narrower one with urlFor. */
    readonly url: string;
    readonly adminUrl: string;
    /** The URL of the stack's database for a role that a migration creates. */
    urlFor(role: string, password: string): string;
  };
  readonly redis: { readonly url: string; readonly token: string };
  /** Such as http://127.0.0.1:4000/functions/v1, to which /<slug> is added. */
  readonly functionsUrl: string;
}

export interface Stack extends StackParts {
  readonly functions: ReadonlyMap<string, DenoFunction>;
  /** To take Postgres or Redis away and bring it back, to create further databases, to count commands. */
  readonly servers: { readonly postgres: LocalPostgres; readonly redis: UpstashBridge };
  /** Kills a function's process and starts it anew, as after a crash; `env` replaces the one given at the start. */
  restartFunction(slug: string, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves once the stack is closed, by close() or by a signal: what a kept stack awaits. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface StackOptions {
  /** Slugs: `functions/<slug>/index.ts` and `functions/<slug>/deno.json` below `root`. */
  readonly functions: readonly string[];
  readonly env: (parts: StackParts) => Readonly<Record<string, string>>;
  readonly migrate: (adminUrl: string) => Promise<void>;
  readonly redis?: RedisServerKind;
  /** For Deno, which serves the functions. */
  readonly denoFlags?: readonly string[];
  /** The project; default: the one that this file is in. */
  readonly root?: string;
  /** Whether SIGINT, SIGTERM and SIGHUP close the stack and end the process. Default: true. */
  readonly signals?: boolean;
  readonly onProgress?: (text: string) => void;
}

/** Waits for all, also when one fails, so that nothing is still starting when the failure is handled; then throws the first. */
async function all<T extends readonly unknown[]>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}

async function timed<T>(what: string, task: Promise<T>, report: (text: string) => void): Promise<T> {
  const start = performance.now();
  const value = await task;
  report(`${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return value;
}

/** Starts everything. When one part fails, what was started is closed and the error of that part is thrown. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { functions: slugs, onProgress = () => {}, signals = true } = options;
  const root = options.root ?? resolve(fileURLToPath(import.meta.url), "../../..");
  const cleanup = createCleanup({ signals });
  let markClosed = () => {};
  const closed = new Promise<void>((done) => {
    markClosed = done;
  });
  cleanup.add(markClosed);
  const folder = makeTempFolder();
  cleanup.add(folder.remove);

  async function postgresUp() {
    const postgres = await startPostgres({ folder: folder.path });
    cleanup.add(postgres.close);
    return { postgres, adminUrl: await postgres.createDatabase("flyahead") };
  }
  async function redisUp() {
    const redis = await startRedis({ server: options.redis ?? "embedded" });
    cleanup.add(redis.close);
    const bridge = await startUpstashBridge({
      redisPort: redis.port,
      token: randomBytes(24).toString("base64url"),
    });
    cleanup.add(bridge.close);
    return bridge;
  }
  const functions = new Map<string, DenoFunction>();
  async function gatewayUp() {
    const gateway = await startGateway({ slugs, target: (slug) => functions.get(slug)?.url });
    cleanup.add(gateway.close);
    return gateway;
  }
  async function functionUp(slug: string, env: Readonly<Record<string, string>>) {
    const at = join(root, "functions", slug);
    const paths = { entrypoint: join(at, "index.ts"), config: join(at, "deno.json") };
    const served = await startDenoFunction({
      ...paths,
      env,
      folder: folder.path,
      flags: options.denoFlags ?? [],
    });
    functions.set(slug, served);
    cleanup.add(served.close);
  }

  try {
    const [{ postgres, adminUrl }, redis, { functionsUrl }] = await all([
      timed("Postgres is up", postgresUp(), onProgress),
      timed(`Redis (${options.redis ?? "embedded"}) and its Upstash bridge are up`, redisUp(), onProgress),
      gatewayUp(),
    ] as const);
    const parts: StackParts = {
      folder: folder.path,
      postgres: {
        url: adminUrl,
        adminUrl,
        urlFor: (name, password) => postgres.urlFor("flyahead", { name, password }),
      },
      redis: { url: redis.url, token: redis.token },
      functionsUrl,
    };
    const env = options.env(parts);
    await all([
      timed("Migrations are applied", options.migrate(adminUrl), onProgress),
      ...slugs.map((slug) => timed(`Function ${slug} is served by Deno`, functionUp(slug, env), onProgress)),
    ]);
    return {
      ...parts,
      functions,
      servers: { postgres, redis },
      closed,
      close: cleanup.close,
      async restartFunction(slug, next = env) {
        const running = functions.get(slug);
        if (!running)
          throw new Error(
            `Cannot restart the function ${slug}: the stack serves ${[...functions.keys()].join(", ")}.`,
          );
        functions.delete(slug);
        await running.kill();
        await running.close();
        await functionUp(slug, next);
      },
    };
  } catch (error) {
    await cleanup.close().catch(() => {});
    throw error;
  }
}
