/**
 * Configuration in, ports out: the one place that knows which adapter stands behind which port. Connections are made at
 * first use and kept for as long as the isolate lives.
 */
import { createFlyMachineApi } from "./adapters/fly/machine-api.ts";
import { passThrough } from "./adapters/memory/pass-through.ts";
import { connectPostgres } from "./adapters/postgres/connect.ts";
import { createPostgresHistory } from "./adapters/postgres/history.ts";
import { createPostgresLeases } from "./adapters/postgres/leases.ts";
import { createPostgresPulls } from "./adapters/postgres/pulls.ts";
import { createPostgresSamples } from "./adapters/postgres/samples.ts";
import { createPostgresTokens } from "./adapters/postgres/tokens.ts";
import { authorizationOf } from "./adapters/prometheus/authorization.ts";
import { createPrometheusSource } from "./adapters/prometheus/source.ts";
import { createHeartbeat } from "./adapters/signals/heartbeat.ts";
import { joinSimulation } from "./adapters/simulation.ts";
import { consoleLog, newToken, systemClock } from "./adapters/system.ts";
import { createUpstashLock } from "./adapters/upstash/lock.ts";
import { connectRedis } from "./adapters/upstash/redis.ts";
import { createUpstashRequestLimit } from "./adapters/upstash/request-limit.ts";
import { type Config, ConfigError, faultOf } from "./config.ts";
import type { Clock, MachineApi, RequestLimit, TickPorts, Tokens, TrafficSource } from "./ports.ts";

/** What answers without a valid configuration need too. */
export const serveTools = { log: consoleLog, newToken };

const FLY_TIMEOUT_MS = 10_000;
const REDIS_TIMEOUT_MS = 1_000;

export type Wired = TickPorts & {
  readonly tokens: Tokens;
  readonly requestLimit: RequestLimit;
  /** Before each request: a simulation reads its clock, production does nothing. */
  readonly sync: () => Promise<void>;
};

export function wire(config: Config): Wired {
  const sql = connectPostgres(config.databaseUrl);
  const redis = connectRedis({ ...config.redis, timeoutMs: REDIS_TIMEOUT_MS });
  const simulation = config.simulationUrl === null ? null : joinSimulation(config.simulationUrl, fetch);
  const clock = simulation?.clock ?? systemClock;
  const send = simulation?.fetch ?? fetch;
  const log = consoleLog;
  return {
    clock,
    log,
    newToken,
    machineApi: flyMachineApi(config.fly, send, clock),
    guard: passThrough,
    lock: createUpstashLock(redis, log),
    leases: createPostgresLeases(sql),
    history: createPostgresHistory(sql),
    samples: createPostgresSamples(sql),
    trafficSource: trafficSource(config.prometheus, clock),
    pulls: createPostgresPulls(sql),
    notifier: createHeartbeat(config.heartbeatUrl, fetch, log),
    tokens: createPostgresTokens(sql),
    requestLimit: createUpstashRequestLimit({
      redis,
      requestsPerMinute: config.ingest.requestsPerMinute,
      prefix: "flyahead:ingest",
      log,
    }),
    sync: simulation?.sync ?? (async () => {}),
  };
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

/** Metrics are fetched with the real fetch in a simulation too: a Prometheus does not know of its clock. */
function trafficSource(prometheus: Config["prometheus"], clock: Clock): TrafficSource | null {
  if (prometheus === null) return null;
  const { url, token, queries } = prometheus;
  const authorization = authorizationOf(token);
  return createPrometheusSource({ baseUrl: url, authorization, customQueries: queries, fetch, clock });
}
