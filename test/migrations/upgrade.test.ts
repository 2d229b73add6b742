/**
 * An installation of the first landing (0001 to 0011), with data in it as its functions wrote it, becomes one of today: nothing
 * is lost, what was there shows in the new views, and between the push of the migrations and the deploy of the functions the
 * old functions go on working.
 */
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { createPostgresHistory } from "../../src/adapters/postgres/history.ts";
import { createPostgresLeases } from "../../src/adapters/postgres/leases.ts";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { poolTick, startedMachine } from "../contracts/pool-ticks.ts";
import { type Database, useEmbedded } from "../support/databases.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const START = Date.UTC(2026, 5, 1, 9);
const NOW = START + 3 * HOUR_MS;
const SHOP = { app: "shop", region: "fra", processGroup: "web" };

/** The migrations of the first landing alone. */
function firstLanding(folder: string): string {
  const first = join(folder, "first");
  mkdirSync(first);
  for (const file of readdirSync(MIGRATIONS).filter((name) => name < "0012"))
    cpSync(join(MIGRATIONS, file), join(first, file));
  return first;
}

describe("an installation of the first landing", () => {
  const open = useEmbedded();
  const folder = makeTempFolder();
  let db: Database;

  const at = (minute: number) => new Date(START + minute * MINUTE_MS).toISOString();
  /** As the functions of that landing stored samples. */
  const storeAsBefore = async (minute: number, requests: number): Promise<unknown> => {
    const [row] =
      await db.asService`select to_jsonb(flyahead.store_samples(${at(minute + 1)}, '{shop}', '{fra}', '{web}', array[${at(minute)}::timestamptz],
      array[${requests}::float8], '{null}', '{null}', '{null}', '{null}', '{null}', '{null}', '{null}')) as unknown`;
    return row?.unknown;
  };
  /** As they opened and closed a tick: without cadence, sizes, next peak and the new columns of a pattern. */
  const tickAsBefore = async (minute: number): Promise<void> => {
    const slot = START + minute * MINUTE_MS;
    const leases = createPostgresLeases(db.asService);
    const answer = await leases.acquire("shop", slot, 60_000);
    if (answer.status !== "held") throw new Error(answer.status);
    const { app: _app, ...key } = SHOP;
    const {
      pool: _pool,
      nextPeak: _peak,
      ...tick
    } = poolTick(SHOP, {
      machines: [startedMachine("m0")],
      actions: [{ kind: "start", machineId: "m1" }],
      predictions: [
        { horizonMs: 15 * MINUTE_MS, targetAt: slot + 15 * MINUTE_MS, load: [90, 110, 130, 140, 150] },
      ],
    });
    const machines = tick.machines?.map(({ size: _size, ...machine }) => machine);
    const document = {
      ...answer.lease,
      now: slot + 1_000,
      mode: "act",
      retired: [],
      resolved: [],
      pools: [{ ...key, ...tick, machines, cold: null, patterns: null }],
    };
    const [intent] =
      await db.asService`select intent_id from flyahead.open_tick(${JSON.stringify(document)}::text::jsonb)`;
    const outcomes = [{ intentId: intent?.intent_id, status: "done", machineId: "m1", evidence: "ok" }];
    const closing = { ...answer.lease, now: slot + 2_000, summary: {}, outcomes };
    await db.asService`select flyahead.close_tick(${JSON.stringify(closing)}::text::jsonb)`;
  };
  const refresh = () => db.asService`select flyahead.refresh_rollups()`;

  beforeAll(async () => {
    db = await open({ migrations: firstLanding(folder.path) });
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', ${new Date(NOW).toISOString()})`;
    await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'web'), ('gone', 'iad', 'web')`;
    await db.owner`update flyahead.worker_regions set retired_at = ${at(0)}, max_workers = 7 where app = 'gone'`;
    await db.owner`insert into flyahead.api_tokens (name, token_hash, scopes) values ('cron', repeat('ab', 32), '{tick}')`;
    for (let minute = 0; minute < 120; minute++) await storeAsBefore(minute, 100 + minute);
    for (const minute of [0, 15, 30]) await tickAsBefore(minute);
    const counts = () => db.owner`select (select count(*)::int from flyahead.traffic_samples) as samples,
      (select count(*)::int from flyahead.autoscaling_history) as history, (select count(*)::int from flyahead.traffic_predictions) as predictions,
      (select count(*)::int from flyahead.api_tokens) as tokens, (select max_workers from flyahead.worker_regions where app = 'gone') as own`;
    const before = [...(await counts())];
    await applyMigrations(db.url);
    expect([...(await counts())]).toEqual(before);
    expect(before).toEqual([{ samples: 120, history: 3, predictions: 3, tokens: 1, own: 7 }]);
  });

  it("shows what was there in the new rollups and views", async () => {
    await refresh();
    expect([
      ...(await db.owner`select minutes, requests, peak from flyahead.traffic_1h order by at`),
    ]).toEqual([
      { minutes: 60, requests: 60 * 100 + (59 * 60) / 2, peak: 159 },
      { minutes: 60, requests: 60 * 160 + (59 * 60) / 2, peak: 219 },
    ]);
    const [day] =
      await db.owner`select decisions, grown, actions_done, observed_hours::float8 as hours from flyahead_api.autoscaling_analytics where app = 'shop'`;
    expect(day).toMatchObject({ decisions: 3, grown: 3, actions_done: 3 });
    expect(day?.hours).toBeCloseTo(0.5, 1);
    const [judged] =
      await db.owner`select judged, given_up, model, source from flyahead_api.prediction_accuracy`;
    expect(judged).toMatchObject({ judged: 3, given_up: 0, source: "flyahead" });
    const [status] =
      await db.owner`select load, last_decision, last_action from flyahead_api.region_status where app = 'shop'`;
    expect(status).toMatchObject({ load: 219, last_decision: "grow", last_action: "start" });
  });

  it("lets the functions of before go on until the new ones are deployed", async () => {
    expect(await storeAsBefore(130, 500)).toEqual([]);
    expect(await storeAsBefore(130, 600)).toEqual([]);
    await tickAsBefore(135);
    await refresh();
    expect([...(await db.owner`select peak from flyahead.traffic_5m where at = ${at(130)}`)]).toEqual([
      { peak: 600 },
    ]);
    const [last] =
      await db.owner`select cadence_seconds, closed_at is not null as closed from flyahead.ticks order by id desc limit 1`;
    expect(last).toEqual({ cadence_seconds: null, closed: true });
  });

  it("works with today's functions", async () => {
    const samples = createPostgresSamples(db.asService);
    expect(await samples.store([{ pool: SHOP, at: START + 140 * MINUTE_MS, requests: 5 }], NOW)).toEqual({
      unknownPool: [],
      tooOld: [],
    });
    const answer = await createPostgresLeases(db.asService).acquire("shop", START + 150 * MINUTE_MS, 60_000);
    if (answer.status !== "held") throw new Error(answer.status);
    const history = createPostgresHistory(db.asService);
    const tick = {
      lease: answer.lease,
      now: NOW,
      mode: "act",
      cadenceMs: 900_000,
      resolved: [],
      retired: [],
    } as const;
    await history.openTick({ ...tick, pools: [poolTick(SHOP, { machines: [startedMachine("m0")] })] });
    await history.closeTick({ lease: answer.lease, now: NOW, outcomes: [], summary: {} });
    expect(await history.recall("shop", NOW)).toHaveLength(1);
  });
});

describe("two installers at once", () => {
  const open = useEmbedded();
  const folder = makeTempFolder();

  it.each([
    ["a new database", null],
    ["an installation of the first landing", "first"],
  ])("apply each file once to %s", async (_name, from) => {
    const db = await open({ migrations: from === null ? null : firstLanding(folder.path) });
    const runs = await Promise.all([1, 2, 3].map(() => applyMigrations(db.url)));
    const applied = runs.flatMap((run) => run.applied).sort();
    const all = readdirSync(MIGRATIONS).filter(
      (name) => name.endsWith(".sql") && (from === null || name >= "0012"),
    );
    expect(applied).toEqual(all.sort());
    expect((await applyMigrations(db.url)).applied).toEqual([]);
  });
});
