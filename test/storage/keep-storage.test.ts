// The upkeep of the samples' days, in each storage mode: what is made, compressed and dropped, when, and what happens
// when somebody is in the way. The clock stands at noon of 2026-03-10, so 92 days ago is noon of 2025-12-08.
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { connectPostgres, type Sql } from "../../src/adapters/postgres/connect.ts";
import { applyMigrations } from "../../src/local/migrations.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";
import { daysUntil, furnish, hourly, LONG_AGO, setSetting, store, stored, storedDays } from "./fixture.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");

type Kept = {
  mode: string;
  created: number;
  dropped: number;
  compressed: number;
  waiting: string[];
  failed: string[];
};
const NOTHING = { created: 0, dropped: 0, compressed: 0, waiting: [], failed: [] };

async function keep(sql: Sql): Promise<Kept> {
  const [row] = await sql<{ kept: Kept }[]>`select flyahead.keep_storage() as kept`;
  if (row === undefined) throw new Error("keep_storage answered no row");
  return row.kept;
}

async function parts(sql: Sql): Promise<{ part: string; day: string; packed: boolean | null }[]> {
  return sql`select part, to_char(first_at at time zone 'UTC', 'YYYY-MM-DD') as day, packed from flyahead.sample_parts()`;
}

/** Whether somebody waits for a lock in this database; looks for a moment, until somebody does. */
async function waitsForLock({ owner, name }: Database): Promise<boolean> {
  for (let tries = 0; tries < 20; tries += 1) {
    const waiting =
      await owner`select from pg_stat_activity where datname = ${name} and wait_event_type = 'Lock'`;
    if (waiting.length > 0) return true;
    await wait(10);
  }
  return false;
}

describeOnEveryDatabase("keep_storage", (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
    await furnish(db);
  });

  it("makes yesterday to three days ahead where the samples lie in partitions, and nothing the second time", async () => {
    const native = db.mode === "native";
    expect(await keep(db.asService)).toEqual({ ...NOTHING, mode: db.mode, created: native ? 5 : 0 });
    expect((await parts(db.owner)).map(({ day }) => day)).toEqual(native ? daysUntil("2026-03-13", 5) : []);
    expect(await keep(db.asService)).toEqual({ ...NOTHING, mode: db.mode });
  });

  it("drops the days that are wholly older than keep_samples, and not one younger; also after the setting changed", async () => {
    await store(
      db.asService,
      hourly([...daysUntil("2025-12-10", 6), ...daysUntil("2026-01-12", 4), "2020-01-01"]),
      LONG_AGO,
    );
    for (const at of ["2025-12-07T23:59:00Z", "2025-12-08T00:00:00Z"])
      await store(db.asService, [{ region: "fra", at, requests: 1 }], LONG_AGO);
    expect(await keep(db.asService)).toMatchObject({ dropped: 4, failed: [] });
    const left = [...daysUntil("2025-12-10", 3), ...daysUntil("2026-01-12", 4)];
    expect(await storedDays(db.owner)).toEqual(left);
    expect((await stored(db.owner)).length).toBe(left.length * 24);
    expect(await keep(db.asService)).toMatchObject({ dropped: 0 });

    await setSetting(db.owner, "keep_samples", "59 days");
    expect(await keep(db.asService)).toMatchObject({ dropped: 4, failed: [] });
    expect(await storedDays(db.owner)).toEqual(daysUntil("2026-01-12", 3));
    await setSetting(db.owner, "keep_samples", "3 years");
    expect(await keep(db.asService)).toMatchObject({ dropped: 0, failed: [] });
  });

  it("drops at most 100 days in one run, the oldest first", async () => {
    await store(
      db.asService,
      daysUntil("2025-06-30", 103).map((day) => ({ region: "fra", at: `${day}T00:00:00Z`, requests: 1 })),
      LONG_AGO,
    );
    expect(await keep(db.asService)).toMatchObject({ dropped: 100 });
    expect(await storedDays(db.owner)).toEqual(daysUntil("2025-06-30", 3));
    expect(await keep(db.asService)).toMatchObject({ dropped: 3 });
  });

  it("does its work once when two run at the same time, and tells the other", async () => {
    await store(db.asService, hourly(["2025-11-01", "2025-11-02"]), LONG_AGO);
    const second = await db.owner.begin(async (sql) => {
      expect(await keep(sql as unknown as Sql)).toMatchObject({ dropped: 2, waiting: [] });
      return keep(db.asService);
    });
    expect(second).toEqual({ ...NOTHING, mode: db.mode, waiting: ["another upkeep is at work"] });
    const both = await Promise.all([keep(db.asService), keep(db.owner)]);
    expect(both.map(({ dropped, failed }) => ({ dropped, failed }))).toEqual([
      { dropped: 0, failed: [] },
      { dropped: 0, failed: [] },
    ]);
    expect(await storedDays(db.owner)).toEqual([]);
  });

  it("waits for nobody: a reader of an old day delays its drop alone, and no writer", async () => {
    await store(db.asService, hourly(["2025-11-01", "2026-03-10"]), LONG_AGO);
    await db.owner.begin(async (sql) => {
      await sql`select count(*) from flyahead.traffic_samples where at < '2025-11-02'`;
      const [old] = await parts(db.owner);
      const waiting = keep(db.asService);
      await store(db.asService, hourly(["2026-03-10", "2026-03-11"]));
      const kept = await waiting;
      expect(kept).toMatchObject({ dropped: 0, failed: [], waiting: [old?.part] });
      if (db.mode === "native") expect(kept.created).toBeGreaterThan(0);
    });
    expect(await keep(db.asService)).toMatchObject({ dropped: 1, waiting: [] });
    expect(await storedDays(db.owner)).toEqual(["2026-03-10", "2026-03-11"]);
  });

  it("makes no writer fail who needs a day that somebody else is making", async () => {
    const writer = connectPostgres(db.serviceUrl);
    // Twice, so that the writer's session has its plans: what it has in its cache is then not read again.
    for (const day of ["2026-02-01", "2026-02-02"]) await store(writer, hourly([day]));
    const storing = await db.owner.begin(async (sql) => {
      await sql`select flyahead.ensure_sample_days('2026-02-03', '2026-02-03')`;
      return { done: store(writer, hourly(["2026-02-03"])), waits: await waitsForLock(db) };
    });
    expect(storing.waits).toBe(db.mode === "native");
    await storing.done;
    await writer.end();
    expect(await storedDays(db.owner)).toEqual(daysUntil("2026-02-03", 3));
  });

  it("does the rest when one step fails, and says which and why", async () => {
    await store(db.asService, hourly(["2025-11-01", "2025-11-02"]), LONG_AGO);
    const [old] = await parts(db.owner);
    await db.owner.unsafe(`create view public.keepsake as select * from ${old?.part}`);
    const kept = await keep(db.asService);
    expect(kept).toMatchObject({ dropped: 1, waiting: [] });
    expect(kept.failed).toEqual([
      expect.stringMatching(`^${old?.part}: cannot drop .* because other objects depend on it`),
    ]);
    expect(await storedDays(db.owner)).toEqual(["2025-11-01"]);
  });

  it("is the service's to call, and nobody else's; its parts are the owner's alone", async () => {
    const as = (role: string, query: string) =>
      db.owner.begin(async (sql) => {
        await sql.unsafe(`set local role ${role}`);
        return sql.unsafe(query);
      });
    await expect(as("flyahead_operator", "select flyahead.keep_storage()")).rejects.toThrow(
      /permission denied/,
    );
    await expect(as("flyahead_service", "select flyahead.try_upkeep('select 1')")).rejects.toThrow(
      /permission denied/,
    );
    await expect(as("flyahead_service", "select flyahead.sample_parts()")).rejects.toThrow(
      /permission denied/,
    );
  });

  describe("compression", () => {
    const days = daysUntil("2026-03-05", 15);
    const packed = async () => (await parts(db.owner)).filter((part) => part.packed).map(({ day }) => day);

    it("compresses days that are wholly older than compress_samples_after, ten at a time, where the storage can", async () => {
      await store(db.asService, hourly(days));
      const before = await stored(db.owner);
      const old = days.filter((day) => day < "2026-03-03");
      const runs = [await keep(db.asService), await keep(db.asService), await keep(db.asService)];
      const columnstore = db.mode === "columnstore";
      expect(runs.map(({ compressed }) => compressed)).toEqual(
        columnstore ? [10, old.length - 10, 0] : [0, 0, 0],
      );
      expect(runs.flatMap(({ failed }) => failed)).toEqual([]);
      expect(await packed()).toEqual(columnstore ? old : []);
      expect(await stored(db.owner)).toEqual(before);

      const [status] = await db.owner`select * from flyahead_api.storage_status`;
      expect(status?.compressed_parts).toBe(columnstore ? old.length : 0);
      expect(status?.compress_samples_after).toBe(columnstore ? "7 days" : null);
      expect(Number(status?.bytes_before_compression) > 0).toBe(columnstore);
      expect(Number(status?.bytes_after_compression) > 0).toBe(columnstore);
    });

    it("goes by the setting", async () => {
      await store(db.asService, hourly(days));
      await setSetting(db.owner, "compress_samples_after", "12 days");
      await keep(db.asService);
      expect(await packed()).toEqual(
        db.mode === "columnstore" ? days.filter((day) => day < "2026-02-26") : [],
      );
    });

    it("lets writers change a compressed day, and packs it again", async () => {
      await store(db.asService, hourly(days));
      await keep(db.asService);
      const before = await stored(db.owner);
      const late = [
        { region: "fra", at: `${days[0]}T00:00:00Z`, requests: 77 },
        { region: "fra", at: `${days[0]}T00:01:00Z`, requests: 78 },
      ];
      await store(db.asService, late);
      await store(db.asService, late);
      await db.owner`delete from flyahead.traffic_samples where at = ${`${days[1]}T01:00:00Z`}`;
      const expected = [
        ...before.filter(({ at }) => !late.some((one) => one.at === at) && at !== `${days[1]}T01:00:00Z`),
        ...late,
      ];
      const sorted = expected.sort((a, b) => a.region.localeCompare(b.region) || a.at.localeCompare(b.at));
      expect(await stored(db.owner)).toEqual(sorted);
      for (let run = 0; run < 3; run += 1) expect((await keep(db.asService)).failed).toEqual([]);
      expect(await packed()).toEqual(
        db.mode === "columnstore" ? days.filter((day) => day < "2026-03-03") : [],
      );
      expect(await stored(db.owner)).toEqual(sorted);
    });

    it("drops compressed days like the others", async () => {
      await store(db.asService, hourly(days));
      await keep(db.asService);
      await setSetting(db.owner, "simulated_now", "2026-05-30T12:34:00Z");
      expect(await keep(db.asService)).toMatchObject({ dropped: 8, failed: [] });
      expect(await storedDays(db.owner)).toEqual(days.slice(8));
    });
  });
});

describeOnEveryDatabase("an installation of before the upkeep", (open) => {
  it("keeps its samples and storage mode when it is migrated, and loses the fixed policy", async () => {
    const temp = makeTempFolder();
    for (const file of readdirSync(MIGRATIONS).filter((name) => name < "0012")) {
      cpSync(join(MIGRATIONS, file), join(temp.path, file));
    }
    const db = await open({ migrations: temp.path });
    temp.remove();
    await furnish(db);
    await store(db.asService, hourly(daysUntil("2026-03-10", 20)));
    const before = await stored(db.owner);
    const policies = async () => {
      if (!db.timescale) return 0;
      const [row] =
        await db.owner`select count(*)::integer as n from timescaledb_information.jobs where hypertable_schema = 'flyahead'`;
      return row?.n;
    };
    expect(await policies()).toBe(db.mode === "columnstore" ? 1 : 0);
    await applyMigrations(db.url);
    expect(await policies()).toBe(0);
    expect(await stored(db.owner)).toEqual(before);
    expect(await keep(db.asService)).toMatchObject({ mode: db.mode, dropped: 0, failed: [] });
  });
});
