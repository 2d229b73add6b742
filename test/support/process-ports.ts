/**
 * The parts of src/wire.ts in this process, on an installation's real Postgres, Redis bridge and simulated Fly over HTTP:
 * for what cannot be done to a function from outside, such as stopping it between two lines or a Fly that never answers.
 * The trap of the real wiring is patience: Fly is waited for ten seconds there, here as long as a test says.
 */
import { createFlyMachineApi } from "../../src/adapters/fly/machine-api.ts";
import { createMemoryCache } from "../../src/adapters/memory/cache.ts";
import { connectPostgres } from "../../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../src/adapters/postgres/leases.ts";
import { createPostgresPulls } from "../../src/adapters/postgres/pulls.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { joinSimulation } from "../../src/adapters/simulation.ts";
import { newToken } from "../../src/adapters/system.ts";
import { createUpstashLock } from "../../src/adapters/upstash/lock.ts";
import { connectRedis } from "../../src/adapters/upstash/redis.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { floorTo, MINUTE_MS } from "../../src/core/time.ts";
import type { TickPorts } from "../../src/ports.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import type { TickSettings } from "../../src/tick/settings.ts";
import type { AppSummary } from "../../src/tick/summary.ts";
import type { Lab } from "./installation.ts";

export type ProcessLab = {
  readonly config: Config;
  readonly ports: TickPorts;
  /** A tick of one app for the slot that is now, in mode act; `ports` and `settings` laid over the real ones. */
  run(app: string, ports?: Partial<TickPorts>, settings?: Partial<TickSettings>): Promise<AppSummary>;
  /** One load a minute for the minutes before now. */
  feed(app: string, minutes: number, requests: number): Promise<void>;
  /** As if the lease and the lock of the app had run out by themselves. */
  elapseLease(app: string): Promise<void>;
  close(): Promise<void>;
};

export function processLab(lab: Lab, flyTimeoutMs = 300): ProcessLab {
  const config = readConfig(lab.env);
  const sql = connectPostgres(config.databaseUrl, { maxConnections: 2 });
  const redis = connectRedis({ ...config.redis, timeoutMs: 1_000 });
  const simulation = joinSimulation(lab.flyUrl, fetch);
  const ports: TickPorts = {
    clock: simulation.clock,
    log: () => {},
    machineApi: createFlyMachineApi({
      baseUrl: config.fly.url,
      tokens: config.fly.tokens,
      fetch: simulation.fetch,
      timeoutMs: flyTimeoutMs,
    }),
    lock: createUpstashLock(redis),
    leases: createPostgresLeases(sql),
    history: createPostgresHistory(sql),
    samples: createPostgresSamples(sql),
    trafficSource: null,
    pulls: createPostgresPulls(sql),
    notifier: { heartbeat: async () => {} },
    cache: createMemoryCache(simulation.clock.now),
    chance: Math.random,
    newToken,
  };
  return {
    config,
    ports,
    async run(app, changes = {}, settings = {}) {
      await simulation.sync();
      const slot = floorTo(ports.clock.now(), config.tick.cadenceMs);
      const request = { slot, mode: "act", apps: [app] } as const;
      const { apps } = await runTick(request, { ...config.tick, ...settings }, { ...ports, ...changes });
      return apps[0]!;
    },
    async feed(app, minutes, requests) {
      const pool = { app, region: "fra", processGroup: "app" };
      const until = floorTo(lab.fly.now(), MINUTE_MS);
      const samples = Array.from({ length: minutes }, (_, i) => {
        return { pool, at: until - (minutes - i) * MINUTE_MS, requests };
      });
      await ports.samples.store(samples, lab.fly.now());
    },
    async elapseLease(app) {
      await lab.sql`update flyahead.app_leases set expires_at = least(expires_at, clock_timestamp()) where app = ${app}`;
      await redis.del(`flyahead:tick:${app}`);
    },
    close: () => sql.end({ timeout: 1 }),
  };
}
