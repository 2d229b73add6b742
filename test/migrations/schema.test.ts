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
    for (const early of [tomorrow, Date.now() + 3_600_000, Date.now() + 70_000]) {
      await expect(leases.acquire("early", early, 1_000)).rejects.toThrow(
        /more than 00:01:00 ahead of the database's clock/,
      );
    }
    expect(await leases.acquire("a-little-early", Date.now() + 30_000, 1_000)).toMatchObject({
      status: "held",
    });
    await owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-01-01')`;
    expect(await leases.acquire("early", tomorrow, 1_000)).toMatchObject({ status: "held" });
    await owner`delete from flyahead.settings where name = 'simulated_now'`;
  });

  it("in a simulation that moves the database's time too, refuse it as well", async () => {
    const { owner, leases } = await harness();
    const now = Date.UTC(2026, 0, 1);
    await owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-01-01T00:00Z'), ('slot_ahead', '1 minute')`;
    await expect(leases.acquire("simulated", now + 900_000, 1_000)).rejects.toThrow(/ahead of the database/);
    expect(await leases.acquire("simulated", now, 1_000)).toMatchObject({ status: "held" });
    await owner`delete from flyahead.settings where name in ('simulated_now', 'slot_ahead')`;
  });

  it("free a lease that ends later than any lease may: the database's clock went back under it", async () => {
    const { owner, leases } = await harness();
    const slot = Date.UTC(2026, 0, 1);
    const first = await leases.acquire("backwards", slot, 150_000);
    expect(first).toMatchObject({ status: "held", lease: { attempt: 1 } });
    // As its rows stand after the clock was put back by an hour.
    const jump = () =>
      owner`update flyahead.app_leases set expires_at = expires_at + interval '1 hour' where app = 'backwards'`;
    await jump();
    const second = await leases.acquire("backwards", slot, 150_000);
    expect(second).toMatchObject({ status: "held", lease: { attempt: 2 } });
    if (first.status !== "held" || second.status !== "held") throw new Error("not held");
    expect([await leases.isHeld(first.lease), await leases.isHeld(second.lease)]).toEqual([false, true]);
    expect(await leases.acquire("backwards", slot, 150_000)).toMatchObject({ status: "busy" });
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
