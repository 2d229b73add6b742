/** What upkeep takes away, and what it leaves, and which settings it refuses to go by. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { DAY_MS, type Instant } from "../../src/core/time.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";

const NOW = Date.UTC(2026, 5, 17, 12);
const POOL = { app: "shop", region: "fra", processGroup: "web" };
let db: Database;

const ago = (days: number): Instant => NOW - days * DAY_MS;
const iso = (days: number) => new Date(ago(days)).toISOString();
const maintain = async () =>
  (await db.asService`select flyahead.maintain() as done`)[0]?.done as Record<string, unknown>;
const daysOf = async (table: string, column: string) =>
  (
    await db.owner.unsafe<{ days: number }[]>(
      `select round((flyahead.epoch_ms(timestamptz '${iso(0)}') - flyahead.epoch_ms(${column})) / 86400000)::int as days from ${table} order by 1`,
    )
  ).map(({ days }) => days);

async function decide(daysAgo: number, intent: "none" | "open" | "closed" = "none"): Promise<void> {
  const [tick] = await db.owner`
    insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at, closed_at) values ('shop', ${iso(daysAgo)}, 1, 1, 'act', ${iso(daysAgo)}, ${iso(daysAgo)}) returning id`;
  const [row] = await db.owner`
    insert into flyahead.autoscaling_history (tick_id, pool_id, slot, attempt, decided_at, mode, kind, from_workers, to_workers, quantile, constraints, reason, record)
    values (${tick?.id}, 1, ${iso(daysAgo)}, 1, ${iso(daysAgo)}, 'act', 'hold', 1, 1, 0.95, '{}', '', '{}') returning id`;
  if (intent === "none") return;
  await db.owner`insert into flyahead.scaling_intents (history_id, pool_id, app, ordinal, kind, opened_at, closed_at)
    values (${row?.id}, 1, 'shop', 0, 'start', ${iso(daysAgo)}, ${intent === "closed" ? iso(daysAgo) : null})`;
}

describeOnEveryDatabase("upkeep and settings", (open) => {
  beforeAll(async () => {
    db = await open();
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', ${iso(0)})`;
    await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'web')`;
  });
  beforeEach(
    () => db.owner`
  truncate flyahead.ticks, flyahead.autoscaling_history, flyahead.scaling_intents, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.scaling_1h,
    flyahead.traffic_predictions, flyahead.capacity_steps, flyahead.manual_overrides, flyahead.workers, flyahead.unreached_apps, flyahead.rollup_queue, flyahead.boot_times, flyahead.traffic_samples`,
  );

  describe("upkeep", () => {
    it("takes history past its time with its intents and ticks, but not while one is open", async () => {
      await decide(91, "closed");
      await decide(92, "open");
      await decide(89, "closed");
      await maintain();
      expect(await daysOf("flyahead.autoscaling_history", "slot")).toEqual([89, 92]);
      expect(await daysOf("flyahead.scaling_intents", "opened_at")).toEqual([89, 92]);
      expect(await daysOf("flyahead.ticks", "slot")).toEqual([89, 92]);
    });

    it("works through much in batches", async () => {
      for (const days of [95, 94, 93, 92]) await decide(days);
      expect((await db.owner`select flyahead.prune_history(${iso(0)}, 3) as gone`)[0]?.gone).toBe(3);
      expect(await daysOf("flyahead.autoscaling_history", "slot")).toEqual([92]);
    });

    it("takes 5-minute rollups after 100 days and hours after three years, and keeps days", async () => {
      for (const days of [99, 101, 1_094, 1_097]) {
        await db.owner`insert into flyahead.traffic_5m values (1, ${iso(days)}, 5, 1, 1, null, null)`;
        for (const table of ["traffic_1h", "traffic_1d"])
          await db.owner.unsafe(
            `insert into flyahead.${table} values (1, '${iso(days)}', 60, 1, 1, null, null, 1, '{1}', '{60}')`,
          );
      }
      await maintain();
      expect(await daysOf("flyahead.traffic_5m", "at")).toEqual([99]);
      expect(await daysOf("flyahead.traffic_1h", "at")).toEqual([99, 101, 1_094]);
      expect(await daysOf("flyahead.traffic_1d", "at")).toEqual([99, 101, 1_094, 1_097]);
    });

    it("takes boots after 90 days", async () => {
      for (const days of [91, 89])
        await db.owner`insert into flyahead.boot_times values (1, 'm', 'start', ${iso(days)}, ${iso(days)}, 2, 'event')`;
      expect((await maintain()).prune_boots).toBe(1);
      expect(await daysOf("flyahead.boot_times", "asked_at")).toEqual([89]);
    });

    it("keeps the capacity step that was in force when the kept time begins", async () => {
      for (const days of [150, 120, 110, 50])
        await db.owner`insert into flyahead.capacity_steps values (1, ${iso(days)}, 1, 1, 100, 1, null)`;
      await maintain();
      expect(await daysOf("flyahead.capacity_steps", "since")).toEqual([50, 110]);
    });

    it("takes judged predictions, overrides, gone machines and unreached apps past their time", async () => {
      for (const [days, resolved] of [
        [34, true],
        [36, true],
        [37, false],
      ] as const)
        await db.owner`insert into flyahead.traffic_predictions (pool_id, made_at, horizon_seconds, target_at, model, confidence, load, resolved_at)
        values (1, ${iso(days)}, 900, ${iso(days)}, 'm', 1, '{1,1,1,1,1}', ${resolved ? iso(days) : null})`;
      for (const days of [89, 91]) {
        await db.owner`insert into flyahead.manual_overrides (pool_id, machine_id, what, workers, seen_at, until) values (1, 'm', '', 1, ${iso(days)}, ${iso(days)})`;
        await db.owner`insert into flyahead.workers (machine_id, pool_id, name, state, health, cordoned, machine_created_at, seen_at, gone_at)
        values (${`m${days}`}, 1, '', 'stopped', 'unknown', false, ${iso(days)}, ${iso(days)}, ${iso(days)})`;
        await db.owner`insert into flyahead.unreached_apps values (${iso(days)}, 'shop', ${iso(days)})`;
      }
      await maintain();
      expect(await daysOf("flyahead.traffic_predictions", "made_at")).toEqual([34, 37]);
      expect(await daysOf("flyahead.manual_overrides", "until")).toEqual([89]);
      expect(await daysOf("flyahead.workers", "gone_at")).toEqual([89]);
      expect(await daysOf("flyahead.unreached_apps", "slot")).toEqual([89]);
    });

    it("drops whole days of samples, whose rollups stay, also when a late note asks for that day again", async () => {
      const samples = createPostgresSamples(db.asService);
      await samples.store(
        [100, 60].map((days) => ({ pool: POOL, at: ago(days), requests: 7 })),
        ago(60),
      );
      await samples.store([{ pool: POOL, at: ago(100), requests: 7 }], ago(99));
      await db.owner`select flyahead.refresh_rollups()`;
      expect(await maintain()).toMatchObject({ keep_storage: { mode: db.mode, dropped: 1, failed: [] } });
      expect(await daysOf("flyahead.traffic_samples", "at")).toEqual([60]);
      await db.owner`select flyahead.note_span(1, ${iso(100)}, ${iso(99.9)})`;
      await db.owner`select flyahead.refresh_rollups()`;
      expect(await daysOf("flyahead.traffic_1h", "at")).toEqual([60, 100]);
    });

    it("does the other steps when one fails, and says which and why", async () => {
      await decide(91);
      await db.owner`create rule no_deletes as on delete to flyahead.traffic_5m do instead select 1/0`;
      await db.owner`insert into flyahead.traffic_5m values (1, ${iso(101)}, 5, 1, 1, null, null)`;
      const done = await maintain();
      await db.owner`drop rule no_deletes on flyahead.traffic_5m`;
      expect(done).toMatchObject({
        prune_history: 1,
        prune_rollups: { failed: expect.any(String) },
        keep_storage: { failed: [] },
      });
    });

    it("runs once at a time", async () => {
      await db.owner.begin(async (sql) => {
        await sql`select pg_advisory_xact_lock(hashtext('flyahead.maintain'))`;
        expect(await maintain()).toEqual({ busy: true });
      });
    });
  });

  describe("a setting", () => {
    const set = (name: string, value: string) =>
      db.owner`update flyahead.settings set value = ${value} where name = ${name}`;

    it.each([
      ["keep_samples", "soon", /Cannot set keep_samples to "soon": that is no interval/],
      ["keep_samples", "28 days", /must be at least 29 days/],
      ["keep_history", "-3 days", /must be at least 2 days/],
      ["keep_predictions", "7 days", /must be at least 8 days/],
      ["compress_samples_after", "1 hour", /must be at least 1 day/],
    ])("%s refuses %s", async (name, value, fault) => {
      await expect(set(name, value)).rejects.toThrow(fault);
    });

    it("goes by its new value at the next run", async () => {
      await decide(40);
      await set("keep_history", "30 days");
      await maintain();
      expect(await daysOf("flyahead.autoscaling_history", "slot")).toEqual([]);
      await set("keep_history", "90 days");
    });
  });
});
