/** Which slots are told as missed, and what is said of them. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { type Database, useEmbedded } from "../support/databases.ts";

const open = useEmbedded();
let db: Database;

const now = (at: string) => db.owner`
  insert into flyahead.settings (name, value) values ('simulated_now', ${at}) on conflict (name) do update set value = excluded.value`;
const lease = (app: string) =>
  db.owner`insert into flyahead.app_leases (app) values (${app}) on conflict do nothing`;

async function tick(
  app: string,
  slot: string,
  { closed = true, cadence = 900 as number | null, attempt = 1 } = {},
): Promise<void> {
  await lease(app);
  await db.owner`
    insert into flyahead.ticks (app, slot, attempt, fence, mode, opened_at, closed_at, cadence_seconds)
    values (${app}, ${slot}, ${attempt}, 1, 'act', ${slot}, ${closed ? slot : null}, ${cadence})`;
}
async function request(
  slot: string,
  status: number | null,
  error: string | null,
  app: string | null = null,
): Promise<void> {
  await db.owner`
    insert into flyahead.schedule_requests (job, slot, apps, sent_at, answered_at, status_code, error)
    values (${app === null ? "tick" : "again"}, ${slot}, string_to_array(${app}::text, ' '), ${slot}, ${slot}, ${status}, ${error})`;
}
async function missed(): Promise<string[]> {
  const rows = await db.owner<{ app: string; at: string; what: string }[]>`
    select app, to_char(slot at time zone 'UTC', 'DD HH24:MI') as at, what from flyahead_api.missed_slots order by app, slot`;
  return rows.map(({ app, at, what }) => `${app} ${at} ${what}`);
}

beforeAll(async () => {
  db = await open();
});
beforeEach(async () => {
  await db.owner`truncate flyahead.ticks, flyahead.app_leases, flyahead.schedule_requests, flyahead.unreached_apps cascade`;
  await now("2026-03-02T10:05:00Z");
});

it("misses nothing before the first tick, and nothing where every tick was closed", async () => {
  await lease("shop");
  expect(await missed()).toEqual([]);
  for (const minute of ["00", "15", "30", "45"]) await tick("shop", `2026-03-02T09:${minute}:00Z`);
  await tick("shop", "2026-03-02T10:00:00Z");
  expect(await missed()).toEqual([]);
});

it("says for each missed slot what happened instead", async () => {
  await tick("shop", "2026-03-02T08:00:00Z");
  await tick("shop", "2026-03-02T08:15:00Z", { closed: false });
  await db.owner`insert into flyahead.unreached_apps (slot, app, noted_at) values ('2026-03-02T08:30:00Z', 'shop', '2026-03-02T08:30:00Z')`;
  await request("2026-03-02T08:45:00Z", 401, "no such token");
  await request("2026-03-02T09:00:00Z", null, "timed out");
  await request("2026-03-02T09:15:00Z", 200, null);
  await tick("shop", "2026-03-02T09:45:00Z");
  expect(await missed()).toEqual([
    "shop 02 08:15 died",
    "shop 02 08:30 notReached",
    "shop 02 08:45 refused",
    "shop 02 09:00 noAnswer",
    "shop 02 09:15 answered",
    "shop 02 09:30 noRequest",
    "shop 02 10:00 noRequest",
  ]);
  const [refused] = await db.owner`select evidence from flyahead_api.missed_slots where what = 'refused'`;
  expect(refused?.evidence).toBe("401 no such token");
});

it("goes by the last attempt at a slot", async () => {
  await tick("shop", "2026-03-02T09:30:00Z", { closed: false });
  await tick("shop", "2026-03-02T09:30:00Z", { attempt: 2 });
  await tick("shop", "2026-03-02T09:45:00Z", { closed: false });
  await tick("shop", "2026-03-02T09:45:00Z", { closed: false, attempt: 2 });
  await tick("shop", "2026-03-02T10:00:00Z");
  expect(await missed()).toEqual(["shop 02 09:45 died"]);
  const [died] = await db.owner`select evidence from flyahead_api.missed_slots`;
  expect(died?.evidence).toMatch(/^attempt 2 was opened/);
});

it("tells an app that was called again from one that the function knew nothing of", async () => {
  for (const app of ["blog", "docs", "shop"]) await tick(app, "2026-03-02T09:45:00Z");
  await request("2026-03-02T10:00:00Z", 200, null);
  await request("2026-03-02T10:00:00Z", 200, null, "blog");
  await request("2026-03-02T10:00:00Z", 401, "no such token", "docs");
  expect(await missed()).toEqual([
    "blog 02 10:00 notReached",
    "docs 02 10:00 refused",
    "shop 02 10:00 answered",
  ]);
});

it("gives a slot three minutes before it counts", async () => {
  await tick("shop", "2026-03-02T09:45:00Z");
  await now("2026-03-02T10:02:59Z");
  expect(await missed()).toEqual([]);
  await now("2026-03-02T10:03:00Z");
  expect(await missed()).toEqual(["shop 02 10:00 noRequest"]);
});

it("goes by the cadence of the newest tick, and by 15 minutes where it was not told", async () => {
  await tick("blog", "2026-03-02T09:30:00Z", { cadence: null });
  await tick("shop", "2026-03-02T09:55:00Z", { cadence: 300 });
  expect(await missed()).toEqual([
    "blog 02 09:45 noRequest",
    "blog 02 10:00 noRequest",
    "shop 02 10:00 noRequest",
  ]);
});

it("measures the time before a change of the cadence by the cadence of before", async () => {
  await tick("shop", "2026-03-02T09:15:00Z");
  await tick("shop", "2026-03-02T09:45:00Z");
  await tick("shop", "2026-03-02T10:00:00Z", { cadence: 60 });
  expect(await missed()).toEqual([
    "shop 02 09:30 noRequest",
    "shop 02 10:01 noRequest",
    "shop 02 10:02 noRequest",
  ]);
});

it("takes an app that others have outlived by a day for removed, but not when all stand still", async () => {
  await tick("old", "2026-03-01T09:45:00Z");
  expect((await missed()).length).toBe(97);
  await tick("shop", "2026-03-02T10:00:00Z");
  expect(await missed()).toEqual([]);
});

it("looks back a week at most", async () => {
  await tick("shop", "2026-02-02T10:00:00Z");
  expect((await missed()).length).toBe(7 * 96);
});

it("answers the operator", async () => {
  await tick("shop", "2026-03-02T09:45:00Z");
  await db.owner.begin(async (sql) => {
    await sql`set local role flyahead_operator`;
    expect(await sql`select * from flyahead_api.missed_slots`).toHaveLength(1);
  });
});
