/**
 * Configuration in, ports out: the one place that knows which adapter stands behind which port. Connections are made at
 * first use and kept for as long as the isolate lives.
 *
 * Nothing calls out but through `outgoing` (test/architecture). The breakers' own store is the one exception: it would
 * have to ask itself.
 */
import { createHttpExperts } from "./adapters/experts/http-experts.ts";
import { createFlyHealth } from "./adapters/fly/health.ts";
import { createFlyMachineApi } from "./adapters/fly/machine-api.ts";
import { type Breakers, createBreakers } from "./adapters/guard/breakers.ts";
import { createFallbackLimit } from "./adapters/guard/fallback-limit.ts";
import { createGuard } from "./adapters/guard/guard.ts";
import { createLayeredBreakerStore } from "./adapters/guard/layered-breaker-store.ts";
import { createMeasures } from "./adapters/guard/measures.ts";
import { createOutgoing, type Outgoing } from "./adapters/guard/outgoing.ts";
import { createMemoryCallLimit } from "./adapters/memory/call-limit.ts";
import { createMemoryRequestLimit } from "./adapters/memory/request-limit.ts";
import { createPostgresBreakerStore } from "./adapters/postgres/breaker-store.ts";
import { connectPostgres, type Sql } from "./adapters/postgres/connect.ts";
import { createPostgresHealth } from "./adapters/postgres/health.ts";
import { createPostgresHistory } from "./adapters/postgres/history.ts";
import { createPostgresIdempotencyKeys } from "./adapters/postgres/idempotency.ts";
import { judgePostgres } from "./adapters/postgres/judge.ts";
import { createPostgresLeases } from "./adapters/postgres/leases.ts";
import { createPostgresPoolStatuses } from "./adapters/postgres/pool-status.ts";
import { createPostgresPulls } from "./adapters/postgres/pulls.ts";
import { createPostgresSamples } from "./adapters/postgres/samples.ts";
import { createPostgresTokens } from "./adapters/postgres/tokens.ts";
import { authorizationOf } from "./adapters/prometheus/authorization.ts";
import { createPrometheusSource } from "./adapters/prometheus/source.ts";
import { createHeartbeat } from "./adapters/signals/heartbeat.ts";
import { joinSimulation } from "./adapters/simulation.ts";
import { chance, createConsoleLog, elapsedMs, newToken, systemClock, underId } from "./adapters/system.ts";
import { createUpstashBreakerStore } from "./adapters/upstash/breaker-store.ts";
import { createUpstashCache } from "./adapters/upstash/cache.ts";
import { createUpstashCallLimit } from "./adapters/upstash/call-limit.ts";
import { createUpstashHealth } from "./adapters/upstash/health.ts";
import { judgeRedis } from "./adapters/upstash/judge.ts";
import { createUpstashLock } from "./adapters/upstash/lock.ts";
import { connectRedis, type Redis } from "./adapters/upstash/redis.ts";
import { createUpstashRequestLimit } from "./adapters/upstash/request-limit.ts";
import { type Config, ConfigError, faultOf } from "./config.ts";
import type {
  Clock,
  Dependency,
  IdempotencyKeys,
  Log,
  MachineApi,
  PoolStatuses,
  RequestLimit,
  TickPorts,
  Tokens,
  TrafficSource,
} from "./ports.ts";

/** What answers without a valid configuration need too. */
export const serveTools = { log: createConsoleLog([]), newToken, underId, elapsedMs };

const FLY_TIMEOUT_MS = 10_000;
const REDIS_TIMEOUT_MS = 1_000;
/** The role's statements end within 30 s (docs/install.md). */
const POSTGRES_SILENCE_MS = 40_000;
/** As long as a tick waits for one answer (tick/pull-samples.ts). */
const PROMETHEUS_WAIT_MS = 10_000;

export type Wired = TickPorts & {
  readonly tokens: Tokens;
  readonly requestLimit: RequestLimit;
  readonly address: { readonly header: string; readonly limit: RequestLimit };
  readonly idempotencyKeys: IdempotencyKeys;
  readonly pools: PoolStatuses;
  /** What is needed, with how to ask whether it is there; none of them asks a breaker. */
  readonly dependencies: readonly Dependency[];
  readonly breakers: Breakers;
  /** Does the work between one load and one save of the breakers, and logs what the calls of it cost. For a tick. */
  readonly remembering: <T>(work: () => Promise<T>) => Promise<T>;
  /** Before each request: a simulation reads its clock, production does nothing. */
  readonly sync: () => Promise<void>;
};

export function wire(config: Config): Wired {
  const simulation = config.simulationUrl === null ? null : joinSimulation(config.simulationUrl, fetch);
  const clock = simulation?.clock ?? systemClock;
  const send = simulation?.fetch ?? fetch;
  const log = createConsoleLog(secretsOf(config));
  const sql = connectPostgres(config.databaseUrl, { silenceMs: POSTGRES_SILENCE_MS });
  const bareRedis = connectRedis({ ...config.redis, timeoutMs: REDIS_TIMEOUT_MS });
  const { outgoing, redis, breakers, remembering } = wayOut(config, clock, sql, bareRedis, log);
  return {
    clock,
    log,
    newToken,
    chance,
    ...experts(config.experts, outgoing),
    machineApi: flyMachineApi(config.fly, send, clock, outgoing),
    lock: createUpstashLock(redis, log),
    cache: createUpstashCache({ redis, prefix: "flyahead:cache", log }),
    leases: outgoing.port("postgres", createPostgresLeases(sql), judgePostgres),
    history: outgoing.port("postgres", createPostgresHistory(sql), judgePostgres),
    samples: outgoing.port("postgres", createPostgresSamples(sql), judgePostgres),
    trafficSource: trafficSource(config.prometheus, clock, outgoing),
    pulls: outgoing.port("postgres", createPostgresPulls(sql), judgePostgres),
    notifier: createHeartbeat(config.heartbeatUrl, outgoing.sender("heartbeat", fetch), log),
    tokens: outgoing.port("postgres", createPostgresTokens(sql), judgePostgres),
    requestLimit: createUpstashRequestLimit({
      redis,
      requestsPerMinute: config.ingest.requestsPerMinute,
      prefix: "flyahead:requests",
      now: systemClock.now,
      log,
    }),
    address: {
      header: config.address.header,
      // In this isolate alone: a stranger's call is to cost nothing outside it.
      limit: createMemoryRequestLimit(config.address.requestsPerMinute, systemClock.now),
    },
    idempotencyKeys: outgoing.port("postgres", createPostgresIdempotencyKeys(sql), judgePostgres),
    pools: outgoing.port("postgres", createPostgresPoolStatuses(sql), judgePostgres),
    dependencies: dependencies(config, sql, bareRedis, send),
    breakers,
    remembering,
    sync: simulation?.sync ?? (async () => {}),
  };
}

/** The guard, with all that it goes by. Redis comes first: what counts calls to Fly is itself called through the guard. */
function wayOut(config: Config, clock: Clock, sql: Sql, bareRedis: Redis, log: Log) {
  const copy = createPostgresBreakerStore(sql);
  const store = createLayeredBreakerStore(
    createUpstashBreakerStore(bareRedis, "flyahead:breakers"),
    copy,
    log,
  );
  const breakers = createBreakers({ store, copy, clock, chance, log });
  const measures = createMeasures();
  const own = createMemoryCallLimit(clock.now);
  const toRedis = createOutgoing(
    createGuard({ clock, chance, breakers, measures, elapsedMs, limits: { read: own, write: own } }),
  );
  const through = toRedis.through("redis", judgeRedis);
  const redis = connectRedis({ ...config.redis, timeoutMs: REDIS_TIMEOUT_MS, through });
  const limits = {
    // One list an app a tick: counted in this process alone, for shared counts cost commands.
    read: own,
    write: createFallbackLimit(
      createUpstashCallLimit({ redis, prefix: "flyahead:calls", now: clock.now, log }),
      createMemoryCallLimit(clock.now, { startEmpty: true }),
    ),
  };
  async function remembering<T>(work: () => Promise<T>): Promise<T> {
    await breakers.load();
    try {
      return await work();
    } finally {
      await breakers.save();
      log("outgoing", measures.take());
    }
  }
  const outgoing = createOutgoing(createGuard({ clock, chance, breakers, measures, elapsedMs, limits }));
  return { outgoing, redis, breakers, remembering };
}

/** What is asked whether it is there, and what is not: of those only the breakers tell. */
function dependencies(config: Config, sql: Sql, redis: Redis, send: typeof fetch): Dependency[] {
  const fly = { baseUrl: config.fly.url, tokens: config.fly.tokens, fetch: send, timeoutMs: FLY_TIMEOUT_MS };
  const checked = [
    { name: "postgres", required: true, check: createPostgresHealth(sql, systemClock) },
    { name: "redis", required: false, check: createUpstashHealth(redis, systemClock) },
    { name: "fly", required: false, check: createFlyHealth(fly, config.apps[0] ?? "", systemClock) },
  ];
  const unasked = Object.entries({
    prometheus: config.prometheus,
    experts: config.experts,
    heartbeat: config.heartbeatUrl,
  }).flatMap(([name, given]) => (given === null ? [] : [{ name, required: false, check: null }]));
  return [...checked, ...unasked];
}

/** What no line of the log may hold, in whatever message it comes. URLs of others may bear a key. */
function secretsOf({ databaseUrl, redis, fly, prometheus, experts, heartbeatUrl }: Config): string[] {
  const password = /^[^:]+:\/\/[^:@/]*:([^@/]*)@/.exec(databaseUrl)?.[1] ?? "";
  const flyTokens = fly.tokens.split(/[\s,]+/).map((entry) => entry.replace(/^[a-z0-9-]+=/, ""));
  const metrics = prometheus?.token ?? "";
  return [
    ...[
      password,
      decodeURIComponent(password),
      redis.token,
      fly.tokens,
      ...flyTokens,
      metrics,
      ...metrics.split(/[\s,]+/),
    ],
    ...[experts?.token ?? "", experts?.url ?? "", heartbeatUrl ?? ""],
  ];
}

/** Only the adapter knows how Fly tokens are listed; a list that it cannot read is a fault of the configuration. */
function flyMachineApi(
  { url, tokens }: Config["fly"],
  send: typeof fetch,
  clock: Clock,
  outgoing: Outgoing,
): MachineApi {
  try {
    const fly = { baseUrl: url, tokens, fetch: send, timeoutMs: FLY_TIMEOUT_MS, clock, pace: clock };
    return outgoing.machineApi(createFlyMachineApi(fly));
  } catch (error) {
    if (error instanceof TypeError) throw new ConfigError([faultOf("FLY_API_TOKEN")]);
    throw error;
  }
}

function experts(experts: Config["experts"], outgoing: Outgoing): Pick<TickPorts, "experts"> {
  if (experts === null) return {};
  const { deadlineMs } = experts;
  return {
    experts: createHttpExperts({ ...experts, fetch: outgoing.sender("experts", fetch, deadlineMs) }),
  };
}

/** Metrics are fetched with the real fetch in a simulation too: a Prometheus does not know of its clock. */
function trafficSource(
  prometheus: Config["prometheus"],
  clock: Clock,
  outgoing: Outgoing,
): TrafficSource | null {
  if (prometheus === null) return null;
  const { url, token, queries } = prometheus;
  return createPrometheusSource({
    baseUrl: url,
    authorization: authorizationOf(token),
    customQueries: queries,
    fetch: outgoing.sender("prometheus", fetch, PROMETHEUS_WAIT_MS),
    clock,
  });
}
