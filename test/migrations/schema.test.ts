/**
 * The golden schema: test/schema.sql is what all migrations together make. A migration that changes it shows its whole
 * effect in this file's diff. Written anew with UPDATE_SCHEMA=1 npx vitest run test/migrations.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { usePostgres } from "../adapters/postgres/harness.ts";
import { schemaText } from "./schema-text.ts";

const GOLDEN = fileURLToPath(new URL("../schema.sql", import.meta.url));

describe("migrations", () => {
  const harness = usePostgres();

  it("make the schema of test/schema.sql", async () => {
    const { owner } = await harness();
    const text = await schemaText(owner);
    if (process.env.UPDATE_SCHEMA === "1") await writeFile(GOLDEN, text);
    expect(text).toBe(await readFile(GOLDEN, "utf8"));
  });

  it("store samples in native partitions where there is no TimescaleDB, and say so", async () => {
    const { owner } = await harness();
    expect(await owner`select flyahead.storage_mode() as mode`).toEqual([{ mode: "native" }]);
  });

  it("refuse a storage mode that does not exist", async () => {
    const { owner } = await harness();
    await expect(owner`select flyahead.create_traffic_samples('clay tablets')`).rejects.toThrow(
      /storage mode is "clay tablets", expected native, hypertable or columnstore/,
    );
  });

  it("refuse a time zone that nobody knows, and name it", async () => {
    const { owner } = await harness();
    const insert = owner`
      insert into flyahead.worker_regions (app, region, process_group, time_zone) values ('zone', 'fra', 'app', 'Europe/Atlantis')`;
    await expect(insert).rejects.toThrow(/"Europe\/Atlantis": no such IANA time zone/);
  });

  it("refuse a schedule that cannot be read, name the entry and say how to write it", async () => {
    const { owner } = await harness();
    const insert = (schedule: string) => owner`
      insert into flyahead.worker_regions (app, region, process_group, schedule) values ('timetable', 'fra', 'app', ${schedule})
      on conflict (app, region, process_group) do update set schedule = excluded.schedule`;
    for (const good of [
      "",
      "Mon-Fri 8:00-18:00 min 4;\nsat,sun 10:00-16:00 min 2 max 6;",
      "daily 22:00-06:00 max 2",
    ])
      await insert(good);
    await expect(insert("daily 08:00-18:00 min 4; weekdays 08:00-18:00 min 2")).rejects.toThrow(
      /"weekdays 08:00-18:00 min 2" cannot be read/,
    );
    for (const wrong of ["mon 08:60-18:00 min 4", "mon 08:00-18:00", "mon 08:00-18:00 min x"])
      await expect(insert(wrong)).rejects.toThrow(/cannot be read/);
  });

  it("refuse a lease for a slot that is yet to come, and say so, unless it is a simulation", async () => {
    const { owner, leases } = await harness();
    const tomorrow = Date.now() + 86_400_000;
    await expect(leases.acquire("early", tomorrow, 1_000)).rejects.toThrow(
      /more than an hour ahead of the database's clock/,
    );
    await owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-01-01')`;
    expect(await leases.acquire("early", tomorrow, 1_000)).toMatchObject({ status: "held" });
    await owner`delete from flyahead.settings where name = 'simulated_now'`;
  });

  it("refuse a freeze without an end", async () => {
    const { owner } = await harness();
    const insert = owner`
      insert into flyahead.worker_regions (app, region, process_group, frozen_until) values ('ice', 'fra', 'app', 'infinity')`;
    await expect(insert).rejects.toThrow(/frozen_until/);
  });

  it("let the functions' role check tokens, but not make or change them", async () => {
    const { owner } = await harness();
    const asService = (query: string) =>
      owner.begin(async (sql) => {
        await sql.unsafe("set local role flyahead_service");
        return sql.unsafe(query);
      });
    await expect(asService("select * from flyahead.api_tokens")).resolves.toEqual([]);
    for (const query of [
      "insert into flyahead.api_tokens (name, token_hash, scopes) values ('x', repeat('0', 64), '{tick}')",
      "update flyahead.api_tokens set apps = null",
      "update flyahead.settings set value = 'native'",
    ]) {
      await expect(asService(query)).rejects.toThrow(/permission denied/);
    }
  });

  it("give the operator the views and nothing else, and everyone else nothing", async () => {
    const { owner } = await harness();
    const as = (role: string, query: string) =>
      owner.begin(async (sql) => {
        await sql.unsafe(`set local role ${role}`);
        return sql.unsafe(query);
      });
    await owner.unsafe("create role passer_by nologin");
    for (const view of ["region_status", "traffic_metrics", "autoscaling_analytics"]) {
      await expect(as("flyahead_operator", `select * from flyahead_api.${view}`)).resolves.toBeDefined();
      await expect(as("passer_by", `select * from flyahead_api.${view}`)).rejects.toThrow(
        /permission denied/,
      );
    }
    for (const role of ["flyahead_operator", "passer_by"]) {
      await expect(as(role, "select * from flyahead.api_tokens")).rejects.toThrow(/permission denied/);
      await expect(as(role, "select flyahead.release_lease('a', 1)")).rejects.toThrow(/permission denied/);
      await expect(as(role, "select flyahead.ensure_sample_days(now(), now())")).rejects.toThrow(
        /permission denied/,
      );
    }
  });
});
