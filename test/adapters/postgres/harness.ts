/**
 * The contract suites' handles on a real Postgres: one server and one database per test file, tests kept apart by their
 * apps. The ports connect as the functions do, in role flyahead_service; the handles as the owner.
 */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { connectPostgres, type Sql, textArray } from "../../../src/adapters/postgres/connect.ts";
import { createPostgresHistory } from "../../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../../src/adapters/postgres/leases.ts";
import { createPostgresPulls } from "../../../src/adapters/postgres/pulls.ts";
import { createPostgresSamples } from "../../../src/adapters/postgres/samples.ts";
import { createPostgresTokens, rotateToken } from "../../../src/adapters/postgres/tokens.ts";
import type { PoolKey } from "../../../src/core/fleet.ts";
import type { Mode, Policy } from "../../../src/core/policy.ts";
import { RULES_OFF } from "../../../src/core/rules.ts";
import { applyMigrations } from "../../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../../src/local/postgres.ts";
import { makeTempFolder } from "../../../src/local/temp-folder.ts";
import type { HistoryHarness, WrittenHistory } from "../../contracts/history.ts";
import type { LeasesHarness } from "../../contracts/leases.ts";
import type { PullsHarness } from "../../contracts/pulls.ts";
import type { SamplesHarness } from "../../contracts/samples.ts";
import type { TokensHarness } from "../../contracts/tokens.ts";

const PASSWORD = "only-on-loopback";

export type PostgresHarness = LeasesHarness &
  HistoryHarness &
  SamplesHarness &
  PullsHarness &
  TokensHarness & {
    readonly owner: Sql;
    readonly service: Sql;
    /** A further connection in the functions' role; to be ended by who asked for it. */
    connectService(): Sql;
  };

/** Starts a server for the file that calls it, and ends it after the file's last test. */
export function usePostgres(): () => Promise<PostgresHarness> {
  let server: LocalPostgres;
  let owner: Sql;
  let service: Sql;
  let serviceUrl: string;
  const folder = makeTempFolder();

  beforeAll(async () => {
    server = await startPostgres({ folder: folder.path });
    const url = await server.createDatabase("contracts");
    await applyMigrations(url);
    owner = connectPostgres(url);
    await owner.unsafe(
      `create role contract_functions login password '${PASSWORD}' in role flyahead_service`,
    );
    serviceUrl = server.urlFor("contracts", { name: "contract_functions", password: PASSWORD });
    service = connectPostgres(serviceUrl, { maxConnections: 8 });
  });
  afterAll(async () => {
    await Promise.all([owner?.end(), service?.end()]);
    await server?.close();
    folder.remove();
  });
  return async () => ({
    ...harnessOn(owner, service),
    connectService: () => connectPostgres(serviceUrl),
  });
}

function harnessOn(owner: Sql, service: Sql): Omit<PostgresHarness, "connectService"> {
  return {
    owner,
    service,
    leases: createPostgresLeases(service),
    history: createPostgresHistory(service),
    samples: createPostgresSamples(service),
    pulls: createPostgresPulls(service),
    tokens: createPostgresTokens(service),
    elapse: async (ms) => void (await wait(ms)),
    setPool: (pool, wishes) => setPool(owner, pool, wishes),
    written: (app) => written(owner, app),
    unreached: async (app) => {
      const rows = await owner<{ slot: number }[]>`
        select flyahead.epoch_ms(slot) as slot from flyahead.unreached_apps where app = ${app} order by slot`;
      return rows.map(({ slot }) => slot);
    },
    addPool: async ({ app, region, processGroup }) => {
      await owner`
        insert into flyahead.worker_regions (app, region, process_group) values (${app}, ${region}, ${processGroup})
        on conflict (app, region, process_group) do update set retired_at = null`;
    },
    retirePool: async ({ app, region, processGroup }) => {
      await owner`
        update flyahead.worker_regions set retired_at = '2000-01-01'
        where (app, region, process_group) = (${app}, ${region}, ${processGroup})`;
    },
    addToken: async ({ hash, scopes, apps, expiresAt, revokedAt }) => {
      await owner`
        insert into flyahead.api_tokens (name, token_hash, scopes, apps, expires_at, revoked_at) values (
          ${hash}, ${hash}, ${textArray(scopes)}::text::text[], ${apps === null ? null : textArray(apps)}::text::text[],
          flyahead.instant(${expiresAt}), flyahead.instant(${revokedAt}))`;
    },
    rotateToken: async (oldHash, newHash, oldUntil) => {
      const [row] = await owner<
        { name: string }[]
      >`select name from flyahead.api_tokens where token_hash = ${oldHash}`;
      await rotateToken(owner, { name: row!.name, tokenHash: newHash, graceSeconds: 60 });
      await owner`update flyahead.api_tokens set previous_until = flyahead.instant(${oldUntil}) where token_hash = ${newHash}`;
    },
  };
}

async function setPool(
  owner: Sql,
  pool: PoolKey,
  wishes: { mode?: Mode; policy?: Partial<Policy> },
): Promise<void> {
  const { mode = null, policy = {} } = wishes;
  const own = (name: keyof Policy) => policy[name] ?? null;
  await owner`
    update flyahead.worker_regions set
      mode = coalesce(${mode}, mode),
      min_workers = ${own("minWorkers")}::integer, max_workers = ${own("maxWorkers")}::integer,
      requests_per_worker = ${own("requestsPerWorker")}::float8, short_share = ${own("shortShare")}::float8,
      unserved_price = ${own("unservedPrice")}::float8,
      lead_seconds = ${own("leadSeconds")}::integer, cooldown_seconds = ${own("cooldownSeconds")}::integer,
      stabilisation_seconds = ${own("stabilisationSeconds")}::integer, stale_seconds = ${own("staleSeconds")}::integer,
      override_seconds = ${own("overrideSeconds")}::integer, time_zone = ${own("timeZone")},
      pinned_machine_id = ${own("pinnedMachineId")}, frozen_until = flyahead.instant(${own("frozenUntil")}::float8)
    where (app, region, process_group) = (${pool.app}, ${pool.region}, ${pool.processGroup})`;
  const rules = Object.keys(RULES_OFF).map((name) => [columnOf(name), own(name as keyof Policy)]);
  await owner`
    update flyahead.worker_regions set ${owner(Object.fromEntries(rules))}
    where (app, region, process_group) = (${pool.app}, ${pool.region}, ${pool.processGroup})`;
}

/** "growStepWorkers" is grow_step_workers. */
function columnOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

async function written(owner: Sql, app: string): Promise<WrittenHistory> {
  const rows = await owner<(Omit<WrittenHistory["rows"][number], "pool"> & PoolKey)[]>`
    select w.app, w.region, w.process_group as "processGroup", flyahead.epoch_ms(h.slot) as slot, h.attempt, h.mode, h.kind, h.record
    from flyahead.autoscaling_history h join flyahead.worker_regions w on w.id = h.pool_id where w.app = ${app} order by h.id`;
  const intents = await owner<WrittenHistory["intents"][number][]>`
    select id::text as id, status, evidence, closed_at is not null as "isClosed"
    from flyahead.scaling_intents where app = ${app} order by scaling_intents.id`;
  const ticks = await owner<{ summary: Record<string, unknown> | null }[]>`
    select summary from flyahead.ticks where app = ${app} order by id`;
  const [counts] = await owner<{ predictions: number; patterns: number }[]>`
    select
      (select count(*)::integer from flyahead.traffic_predictions join flyahead.worker_regions w on w.id = pool_id where w.app = ${app}) as predictions,
      (select count(*)::integer from flyahead.traffic_patterns join flyahead.worker_regions w on w.id = pool_id where w.app = ${app}) as patterns`;
  return {
    rows: rows.map(({ app: _app, region, processGroup, ...row }) => ({
      pool: { app, region, processGroup },
      ...row,
    })),
    intents: [...intents],
    summaries: ticks.map(({ summary }) => summary),
    predictionCount: counts?.predictions ?? 0,
    patternCount: counts?.patterns ?? 0,
  };
}
