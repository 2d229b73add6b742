/**
 * Configuration in, ports out: the one place that knows which adapter stands behind which port. Connections are made at
 * first use and kept for as long as the isolate lives.
 */
import { createFlyMachineApi } from "./adapters/fly/machine-api.ts";
import { passThrough } from "./adapters/memory/pass-through.ts";
import { createMemoryRequestLimit } from "./adapters/memory/request-limit.ts";
import { connectPostgres } from "./adapters/postgres/connect.ts";
import { createPostgresHistory } from "./adapters/postgres/history.ts";
import { createPostgresIdempotencyKeys } from "./adapters/postgres/idempotency.ts";
import { createPostgresLeases } from "./adapters/postgres/leases.ts";
import { checkPostgres, createPostgresPoolStatuses } from "./adapters/postgres/pool-status.ts";
import { createPostgresSamples } from "./adapters/postgres/samples.ts";
import { createPostgresTokens } from "./adapters/postgres/tokens.ts";
import { createHeartbeat } from "./adapters/signals/heartbeat.ts";
import { joinSimulation } from "./adapters/simulation.ts";
import { createConsoleLog, elapsedMs, newToken, systemClock, underId } from "./adapters/system.ts";
import { createUpstashLock } from "./adapters/upstash/lock.ts";
import { checkRedis, connectRedis } from "./adapters/upstash/redis.ts";
import { createUpstashRequestLimit } from "./adapters/upstash/request-limit.ts";
import { type Config, ConfigError, faultOf } from "./config.ts";
import type {
  Clock,
  Dependency,
  IdempotencyKeys,
  MachineApi,
  PoolStatuses,
  ReadDependencyStates,
  RequestLimit,
  TickPorts,
  Tokens,
} from "./ports.ts";

/** What answers without a valid configuration need too. */
export const serveTools = { log: createConsoleLog([]), newToken, underId, elapsedMs };

const FLY_TIMEOUT_MS = 10_000;
const REDIS_TIMEOUT_MS = 1_000;

export type Wired = TickPorts & {
  readonly tokens: Tokens;
  readonly requestLimit: RequestLimit;
  readonly address: { readonly header: string; readonly limit: RequestLimit };
  readonly idempotencyKeys: IdempotencyKeys;
  readonly pools: PoolStatuses;
  readonly dependencies: readonly Dependency[];
  readonly readDependencyStates: ReadDependencyStates;
  /** Before each request: a simulation reads its clock, production does nothing. */
  readonly sync: () => Promise<void>;
};

export function wire(config: Config): Wired {
  const sql = connectPostgres(config.databaseUrl);
  const redis = connectRedis({ ...config.redis, timeoutMs: REDIS_TIMEOUT_MS });
  const simulation = config.simulationUrl === null ? null : joinSimulation(config.simulationUrl, fetch);
  const clock = simulation?.clock ?? systemClock;
  const send = simulation?.fetch ?? fetch;
  const log = createConsoleLog(secretsOf(config));
  const machineApi = flyMachineApi(config.fly, send, clock);
  return {
    clock,
    log,
    newToken,
    machineApi,
    guard: passThrough,
    lock: createUpstashLock(redis, log),
    leases: createPostgresLeases(sql),
    history: createPostgresHistory(sql),
    samples: createPostgresSamples(sql),
    notifier: createHeartbeat(config.heartbeatUrl, fetch, log),
    tokens: createPostgresTokens(sql),
    requestLimit: createUpstashRequestLimit({
      redis,
      requestsPerMinute: config.ingest.requestsPerMinute,
      prefix: "flyahead:requests",
      log,
    }),
    address: {
      header: config.address.header,
      // In this isolate alone: a stranger's call is to cost nothing outside it.
      limit: createMemoryRequestLimit(config.address.requestsPerMinute, systemClock.now),
    },
    idempotencyKeys: createPostgresIdempotencyKeys(sql),
    pools: createPostgresPoolStatuses(sql),
    dependencies: [
      { name: "postgres", required: true, check: () => checkPostgres(sql) },
      { name: "redis", required: false, check: () => checkRedis(redis) },
      { name: "fly", required: false, check: async () => void (await machineApi.list(config.apps[0] ?? "")) },
    ],
    readDependencyStates: async () => [],
    sync: simulation?.sync ?? (async () => {}),
  };
}

/** What no line of the log may hold, in whatever message it comes. */
function secretsOf({ databaseUrl, redis, fly }: Config): string[] {
  const password = /^[^:]+:\/\/[^:@/]*:([^@/]*)@/.exec(databaseUrl)?.[1] ?? "";
  const flyTokens = fly.tokens.split(/[\s,]+/).map((entry) => entry.replace(/^[a-z0-9-]+=/, ""));
  return [password, redis.token, fly.tokens, ...flyTokens];
}

/** Only the adapter knows how Fly tokens are listed; a list that it cannot read is a fault of the configuration. */
function flyMachineApi({ url, tokens }: Config["fly"], send: typeof fetch, clock: Clock): MachineApi {
  try {
    return createFlyMachineApi({ baseUrl: url, tokens, fetch: send, timeoutMs: FLY_TIMEOUT_MS, clock });
  } catch (error) {
    if (error instanceof TypeError) throw new ConfigError([faultOf("FLY_API_TOKEN")]);
    throw error;
  }
}
