/**
 * npm run backfill: the days that the metrics source still keeps, fetched now instead of by the ticks of the next hours.
 * Ticks go on meanwhile; whoever comes second to a piece takes the next one. docs/metrics.md has the rest.
 *
 * The trap: a tick that was running when the last piece came in had read what its forecasters knew before, and writes it
 * back. So its end is waited for, and they are made to forget once more.
 */
import { setTimeout as wait } from "node:timers/promises";
import { createFlyMachineApi } from "../src/adapters/fly/machine-api.ts";
import { connectPostgres, type Sql } from "../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../src/adapters/postgres/history.ts";
import { createPostgresPulls } from "../src/adapters/postgres/pulls.ts";
import { createPostgresSamples } from "../src/adapters/postgres/samples.ts";
import { authorizationOf } from "../src/adapters/prometheus/authorization.ts";
import { createPrometheusSource } from "../src/adapters/prometheus/source.ts";
import { systemClock } from "../src/adapters/system.ts";
import { type Config, ConfigError, readConfig } from "../src/config.ts";
import { textTable } from "../src/local/text-table.ts";
import { type BackfillOptions, readOptions, USAGE } from "./backfill/options.ts";
import { type BackfillTools, runBackfill } from "./backfill/run.ts";
import { statusRows } from "./backfill/status.ts";
import { showProgress } from "./demo/progress.ts";
import { causeOf } from "./running-stack.ts";
import { runScript, UserError } from "./user-error.ts";

const FLY_TIMEOUT_MS = 20_000;
const COLUMNS = ["app", "history", "from", "until", "complete"] as const;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(USAGE);
  if (options.envFile !== null) readEnvFile(options.envFile);
  const config = configOf();
  const apps = options.apps ?? config.apps;
  const sql = connectPostgres(config.databaseUrl);
  try {
    const tools = toolsOf(config, sql, options);
    if (!options.status) for (const app of apps) await runBackfill(app, tools);
    const rows = await statusRows(apps, tools, config.tick.binMs);
    console.log(
      options.json
        ? JSON.stringify(rows, null, 2)
        : textTable(
            COLUMNS,
            rows.map((row) => COLUMNS.map((name) => row[name])),
          ),
    );
  } catch (error) {
    throw faultOf(error, config);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Not by the shell: it would take the quotes out of PROMETHEUS_QUERIES. What is set already outranks the file. */
function readEnvFile(path: string): void {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    throw new UserError(`Cannot read ${path}: ${causeOf(error)}`);
  }
}

/** The functions' own environment: what they will do is what is done here. */
function configOf(): Config & { prometheus: NonNullable<Config["prometheus"]> } {
  try {
    const { prometheus, ...config } = readConfig(process.env);
    if (prometheus !== null) return { ...config, prometheus };
  } catch (error) {
    if (error instanceof ConfigError) throw new UserError(`${error.message}\n\n${USAGE}`);
    throw error;
  }
  throw new UserError(`PROMETHEUS_URL is not set: there is nothing to fetch history from.\n\n${USAGE}`);
}

function toolsOf(
  { prometheus, fly, tick }: ReturnType<typeof configOf>,
  sql: Sql,
  { pauseMs }: BackfillOptions,
): BackfillTools {
  const clock = systemClock;
  return {
    clock,
    pauseMs,
    binMs: tick.binMs,
    wait: (ms) => wait(ms),
    progress: showProgress(process.stderr),
    samples: createPostgresSamples(sql),
    pulls: createPostgresPulls(sql),
    history: createPostgresHistory(sql),
    machineApi: createFlyMachineApi({
      baseUrl: fly.url,
      tokens: fly.tokens,
      fetch,
      timeoutMs: FLY_TIMEOUT_MS,
    }),
    isTicking: async (app) => {
      const rows =
        await sql`select from flyahead.app_leases where app = ${app} and expires_at > clock_timestamp()`;
      return rows.length > 0;
    },
    source: createPrometheusSource({
      ...{ baseUrl: prometheus.url, authorization: authorizationOf(prometheus.token) },
      ...{ customQueries: prometheus.queries, fetch, clock },
    }),
  };
}

function faultOf(error: unknown, { databaseUrl }: Config): unknown {
  if (error instanceof UserError || typeof (error as NodeJS.ErrnoException).code !== "string") return error;
  const { host, pathname } = new URL(databaseUrl);
  return new UserError(
    `Cannot use the database at ${host}${pathname}: ${causeOf(error)}. Is it up to date (npm run migrate)? What was fetched is kept; the same command goes on from there.`,
  );
}

runScript(main);
