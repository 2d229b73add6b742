/**
 * A whole flyahead on one machine: the local stack, the simulated Fly beside it, migrations applied, the functions'
 * own database role, and tokens. The demo replays weeks on it; the tests break it.
 *
 * The functions run as they will in production: their own narrow role in Postgres, HTTP to everything else. Only the
 * clock is virtual: they are told where the simulator is (SIMULATION_URL) and go by its time.
 */
import { createHash, randomBytes } from "node:crypto";
import postgres, { type Sql } from "postgres";
import { createFly, type Fly } from "../sim/fly/fly.ts";
import { type ServedFly, serveFly } from "../sim/fly/http.ts";
import type { FlyOptions } from "../sim/fly/options.ts";
import { applyMigrations } from "./migrations.ts";
import type { RedisServerKind } from "./redis.ts";
import { type Stack, type StackParts, startStack } from "./stack.ts";

export type InstallationOptions = {
  readonly fly: Omit<FlyOptions, "tokens">;
  /** Over the defaults of the local environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly redis?: RedisServerKind;
  readonly signals?: boolean;
  readonly denoFlags?: readonly string[];
  readonly onProgress?: (text: string) => void;
};

export type Installation = {
  readonly stack: Stack;
  readonly fly: Fly;
  readonly flyUrl: string;
  /** What the functions see: for restarting one with a change. */
  readonly env: Readonly<Record<string, string>>;
  /** With the scopes tick, ingest and read. */
  readonly token: string;
  /** As the database's owner. */
  readonly sql: Sql;
  /** Calls a function with the token; `path` is the slug and what follows it. */
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
  close(): Promise<void>;
};

const FUNCTIONS_ROLE = "flyahead_functions";

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const flyToken = `fm2_${randomBytes(24).toString("base64url")}`;
  const fly = createFly({ ...options.fly, tokens: [flyToken] });
  const served = await serveFly(fly);
  const rolePassword = randomBytes(18).toString("base64url");
  const token = `fa_${randomBytes(24).toString("base64url")}`;
  const apps = options.fly.apps.map(({ name }) => name);
  const envOf = (parts: StackParts) => ({
    ...localEnvironment(parts, served, flyToken, apps),
    DATABASE_URL: parts.postgres.urlFor(FUNCTIONS_ROLE, rolePassword),
    ...options.env,
  });
  const stack = await startStack({
    functions: ["auto-scaling", "traffic", "status"],
    env: envOf,
    migrate: (adminUrl) => prepareDatabase(adminUrl, { rolePassword, token, start: options.fly.start }),
    redis: options.redis ?? "embedded",
    signals: options.signals ?? true,
    denoFlags: options.denoFlags ?? [],
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  }).catch(async (error: unknown) => {
    await served.close();
    throw error;
  });
  const sql = asOwner(stack.postgres.adminUrl);
  return {
    stack,
    fly,
    flyUrl: served.url,
    env: envOf(stack),
    token,
    sql,
    call: (path, init = {}) =>
      fetch(`${stack.functionsUrl}/${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers },
      }),
    async close() {
      await sql.end({ timeout: 1 });
      await stack.close();
      await served.close();
    },
  };
}

function localEnvironment(
  { redis }: StackParts,
  fly: ServedFly,
  flyToken: string,
  apps: readonly string[],
): Record<string, string> {
  return {
    REDIS_URL: redis.url,
    REDIS_TOKEN: redis.token,
    FLY_API_URL: fly.url,
    FLY_API_TOKEN: flyToken,
    FLY_APPS: apps.join(","),
    SIMULATION_URL: fly.url,
    SCALING_MODE: "act",
    LOCAL_MODE: "true",
    INGEST_REQUESTS_PER_MINUTE: "1000000",
    SAMPLE_MAX_AGE_DAYS: "3650",
  };
}

async function prepareDatabase(
  adminUrl: string,
  { rolePassword, token, start }: { rolePassword: string; token: string; start: number },
): Promise<void> {
  const simulatedNow = new Date(start).toISOString();
  await applyMigrations(adminUrl);
  const sql = asOwner(adminUrl);
  try {
    await sql.unsafe(
      `create role ${FUNCTIONS_ROLE} login password '${rolePassword}' in role flyahead_service`,
    );
    await sql.unsafe(`alter role ${FUNCTIONS_ROLE} set statement_timeout = '30s'`);
    // From here on it is a simulation to the database too; the demo moves this time on when it ends.
    await sql`insert into flyahead.settings (name, value) values ('simulated_now', ${simulatedNow})`;
    // A trace may be years long.
    await sql`update flyahead.settings set value = '3650 days' where name = 'keep_samples'`;
    const hash = createHash("sha256").update(token).digest("hex");
    await sql`
      insert into flyahead.api_tokens (name, token_hash, scopes) values ('local', ${hash}, '{tick,ingest,read}')`;
  } finally {
    await sql.end();
  }
}

function asOwner(adminUrl: string): Sql {
  return postgres(adminUrl, { max: 1, onnotice: () => {} });
}
