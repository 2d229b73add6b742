// Fifteen days in a real Prometheus, fetched into a real Postgres by the script as a person runs it, with a simulated Fly
// that lists the machines: interrupted in the middle, taken up again, learned from by the next tick.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFlyMachineApi } from "../../src/adapters/fly/machine-api.ts";
import { createMemoryCache } from "../../src/adapters/memory/cache.ts";
import { createMemoryLock } from "../../src/adapters/memory/lock.ts";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../src/adapters/postgres/leases.ts";
import { createPostgresPulls } from "../../src/adapters/postgres/pulls.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { createPrometheusSource } from "../../src/adapters/prometheus/source.ts";
import { DAY_MS, floorTo, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { type LocalPrometheus, startPrometheus } from "../../src/local/prometheus.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import type { TickPorts } from "../../src/ports.ts";
import { createFly, type Fly } from "../../src/sim/fly/fly.ts";
import { type ServedFly, serveFly } from "../../src/sim/fly/http.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { SETTINGS } from "../support/memory-ports.ts";
import { tellHistory, whyNoPrometheus } from "../support/metric-history.ts";
import { runScript } from "./installed.ts";

const why = whyNoPrometheus();
const TOKEN = "fm2_of-these-tests";
const DAYS = 15;
const COUNTED = ["fly_app_http_responses_count", "fly_app_concurrency", "fly_instance_up"];

/** Whole requests in each minute, with a day and a night, and now and then a little more. */
const loadAt = (at: Instant) => {
  return Math.round(200 + 150 * Math.sin((2 * Math.PI * at) / DAY_MS)) + ((at / MINUTE_MS) % 7);
};

describe.skipIf(why !== null)(why ?? "npm run backfill", () => {
  const folder = makeTempFolder();
  let postgres: LocalPostgres;
  let owner: Sql;
  let prometheus: LocalPrometheus;
  let fly: Fly;
  let served: ServedFly;
  let env: Record<string, string>;
  let until: Instant;

  beforeAll(async () => {
    until = floorTo(Date.now(), MINUTE_MS);
    fly = createFly({
      ...{ seed: 3, start: until, tokens: [TOKEN] },
      apps: [{ name: "shop", machines: [{ region: "fra" }, { region: "iad" }] }, { name: "blog" }],
    });
    served = await serveFly(fly);
    const start = until - DAYS * DAY_MS;
    const machines = fly.machines().map(({ id, region }) => ({
      ...{ app: "shop", region, instance: id },
      minuteAt: (index: number) => ({ requests: region === "fra" ? loadAt(start + index * MINUTE_MS) : 10 }),
    }));
    const minutes = (DAYS * DAY_MS) / MINUTE_MS;
    const history = tellHistory(machines, start, 0, minutes - 1, { scrapes: 1, metrics: COUNTED });
    [prometheus, postgres] = await Promise.all([
      startPrometheus({ history }),
      startPostgres({ folder: folder.path }),
    ]);
    const url = await postgres.createDatabase("backfill");
    await applyMigrations(url);
    owner = connectPostgres(url);
    await owner.unsafe("create role backfill_functions login password 'loopback' in role flyahead_service");
    env = {
      DATABASE_URL: postgres.urlFor("backfill", { name: "backfill_functions", password: "loopback" }),
      ...{ REDIS_URL: "http://127.0.0.1:9", REDIS_TOKEN: "unused", FLY_API_URL: served.url },
      ...{ LOCAL_MODE: "true", FLY_API_TOKEN: TOKEN, FLY_APPS: "shop", PROMETHEUS_URL: prometheus.url },
    };
  }, 60_000);
  afterAll(async () => {
    await Promise.all([owner?.end(), prometheus?.close(), served?.close()]);
    await postgres?.close();
    folder.remove();
  });

  const backfill = (args: readonly string[] = [], more: Parameters<typeof runScript>[2] = {}) =>
    runScript("backfill.ts", args, { ...more, env: { ...env, ...more.env } });
  const statusOf = async () => JSON.parse((await backfill(["--status", "--json"])).stdout)[0];

  async function tick(slot: Instant) {
    const sql = connectPostgres(env.DATABASE_URL!);
    const clock = { now: () => slot, sleep: async () => {} };
    const ports: TickPorts = {
      ...{ clock, log: () => {}, chance: () => 1, newToken: () => "t" },
      machineApi: createFlyMachineApi({ baseUrl: served.url, tokens: TOKEN, fetch, timeoutMs: 5_000 }),
      lock: createMemoryLock(clock.now),
      cache: createMemoryCache(clock.now),
      leases: createPostgresLeases(sql),
      history: createPostgresHistory(sql),
      samples: createPostgresSamples(sql),
      pulls: createPostgresPulls(sql),
      notifier: { heartbeat: async () => {} },
      trafficSource: createPrometheusSource({
        ...{ baseUrl: prometheus.url, authorization: null, customQueries: [], fetch, clock },
      }),
    };
    const { apps } = await runTick({ slot, mode: "observe", apps: ["shop"] }, SETTINGS, ports);
    await sql.end();
    return apps[0]!;
  }

  test("says what is missing, and never a token", async () => {
    const { PROMETHEUS_URL: _none, ...without } = env;
    const bare = await runScript("backfill.ts", [], { env: without });
    expect(bare).toMatchObject({ status: 1, stderr: expect.stringMatching(/^PROMETHEUS_URL is not set/) });
    const early = await backfill();
    expect(early).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/No pools of shop are known yet/),
    });
    expect(early.stderr).not.toContain(TOKEN);
    expect((await backfill(["--env", "/no/such.env"])).stderr).toMatch(/^Cannot read \/no\/such.env/);
    expect((await backfill(["--pause-ms", "x"])).stderr).toMatch(/--pause-ms is "x"/);
  });

  test("is taken up where it was interrupted, and brings every minute exactly", async () => {
    expect((await tick(floorTo(until, SETTINGS.cadenceMs) - SETTINGS.cadenceMs)).status).toBe("done");
    expect(await statusOf()).toMatchObject({ app: "shop", history: "not begun" });
    const killed = await backfill(["--pause-ms", "300"], {
      onStderr: (soFar, kill) => {
        if (/back to/.test(soFar)) kill("SIGKILL");
      },
    });
    expect(killed.status).toBeNull();
    const half = await statusOf();
    expect(half.complete).toBeNull();
    expect(half.from).not.toBeNull();

    // As it is written for the functions: the shell would have taken the quotes out.
    const envFile = join(folder.path, "backfill.env");
    writeFileSync(
      envFile,
      `PROMETHEUS_QUERIES={"queueDepth":"sum by (region) (fly_instance_up{app='%APP%'})"}\n`,
    );
    const done = await backfill(["--pause-ms", "0", "--env", envFile]);
    expect(done).toMatchObject({ status: 0, stdout: expect.stringMatching(/shop +.*100 %/) });
    expect((await statusOf()).complete).not.toBeNull();

    const samples = createPostgresSamples(owner);
    const pool = { app: "shop", region: "fra", processGroup: "app" };
    // The source keeps an hour less than there is; the script takes what is settled.
    const from = until - DAYS * DAY_MS + 70 * MINUTE_MS;
    const found = await samples.read(pool, from, until - 2 * MINUTE_MS);
    expect(found).toHaveLength((until - 2 * MINUTE_MS - from) / MINUTE_MS);
    expect(found.filter(({ at, requests }) => requests !== loadAt(at))).toEqual([]);
    // From the second piece on, which the second run took.
    expect(found[100]?.queueDepth).toBe(1);
    const again = await backfill();
    expect(again.status).toBe(0);
  }, 60_000);

  test("and the next tick has learned two weeks", async () => {
    const summary = await tick(floorTo(until, SETTINGS.cadenceMs));
    const pools = summary.status === "done" ? summary.pools : [];
    expect(pools.find(({ pool }) => pool.region === "fra")?.reason).toMatch(/2 weeks alike/);
  });
});
