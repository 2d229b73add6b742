// docs/install.md can be pasted: every SQL block of it is run, in its order, by an owner who is no superuser (as on
// Supabase), on a plain Postgres with stand-ins for what only Supabase has: Vault, pg_cron and pg_net. Each test goes on
// from the last.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyMigrations } from "../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";
import { PG_CRON, PG_NET, VAULT } from "../schedule/stand-ins.ts";
import { PROJECT } from "./supabase-cli.ts";

const STAND_INS = `
  create role anon nologin;
  create role authenticated nologin;
  ${VAULT} ${PG_CRON} ${PG_NET}
`;

const PASSWORD = "functions-password";
const OWNER = { name: "owner", password: "owner-password" };

/** The SQL of each section, by the section's number. */
const sections = new Map(
  readFileSync(join(PROJECT, "docs/install.md"), "utf8")
    .split(/^## /m)
    .map((section) => {
      const blocks = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1]);
      const sql = blocks
        .join("\n")
        .replace(/^create extension .*$/gm, "")
        .replaceAll("<ref>", "abcdefghijklmnopqrst")
        .replaceAll("<password of flyahead_functions>", PASSWORD);
      return [Number.parseInt(section, 10), sql] as const;
    }),
);

let temp: TempFolder;
let server: LocalPostgres;
let owner: postgres.Sql;
let ownerUrl: string;

beforeAll(async () => {
  temp = makeTempFolder();
  server = await startPostgres({ folder: temp.path });
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create role ${OWNER.name} login createrole password '${OWNER.password}'`);
  await admin.unsafe(`create database hosted owner ${OWNER.name}`);
  await admin.end();
  ownerUrl = server.urlFor("hosted", OWNER);
  owner = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  await owner.unsafe(STAND_INS);
  await applyMigrations(ownerUrl);
});

afterAll(async () => {
  await owner?.end();
  await server?.close();
  temp?.remove();
});

test("the sections with SQL are those that are run below", () => {
  const withSql = [...sections].filter(([, sql]) => sql.trim() !== "").map(([number]) => number);
  expect(withSql).toEqual([4, 8, 10, 11, 12, 13, 14, 15]);
});

test("the functions' login can do what the functions do, and no more", async () => {
  await owner.unsafe(sections.get(4)!);
  await owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', 'fra', 'app')`;
  const url = server.urlFor("hosted", { name: "flyahead_functions", password: PASSWORD });
  const login = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const stored =
      await login`select flyahead.store_samples(now(), '{shop}', '{fra}', '{app}', '{2026-03-02 09:00+00}',
      '{412}', '{3}', '{180}', '{null}', '{null}', '{null}', '{null}', '{null}') as unknown`;
    expect([...stored]).toEqual([{ unknown: [] }]);
    const lease =
      await login`select status, fence from flyahead.acquire_lease('shop', '2026-03-02 09:00+00', 1000)`;
    expect([...lease]).toEqual([{ status: "held", fence: "1" }]);
    await expect(login`create table flyahead.mine (a int)`).rejects.toThrow(
      /permission denied for schema flyahead/,
    );
    await expect(login`select * from vault.secrets`).rejects.toThrow(/permission denied for schema vault/);
  } finally {
    await login.end();
  }
});

test("tokens are made, rotated, revoked and listed", async () => {
  const [made, rotated, revoked, list] = (await owner.unsafe(sections.get(8)!)) as unknown as Record<
    string,
    unknown
  >[][];
  const word = expect.stringMatching(/^fa_[0-9a-f]{64}$/);
  expect([...made!]).toEqual([{ create_token: word }]);
  expect([...rotated!]).toEqual([{ rotate_token: word }]);
  expect(rotated![0]!.rotate_token).not.toBe(made![0]!.create_token);
  expect([...revoked!]).toEqual([{ revoke_token: true }]);
  expect(list).toMatchObject([{ name: "dashboard", scopes: ["read"], apps: ["shop"], last_used_at: null }]);
});

test("roles of the public API get nothing", async () => {
  for (const role of ["anon", "authenticated"]) {
    const rights = await owner`select has_schema_privilege(${role}, 'flyahead', 'usage') as tables,
      has_schema_privilege(${role}, 'flyahead_api', 'usage') as views`;
    expect([...rights]).toEqual([{ tables: false, views: false }]);
  }
});

test("the schedule posts to the function with the token from Vault and a timeout of two minutes", async () => {
  await owner.unsafe(sections.get(11)!);
  const jobs = await owner`select schedule, command from cron.job order by jobname`;
  expect(jobs.map(({ schedule }) => schedule)).toEqual([
    "* * * * *",
    "* * * * *",
    "*/15 * * * *",
    "7 * * * *",
  ]);
  for (const { command } of jobs) await owner.unsafe(command);
  const queued = await owner`select url, body, headers, timeout_milliseconds from net.http_request_queue`;
  expect([...queued]).toEqual([
    {
      url: "https://abcdefghijklmnopqrst.supabase.co/functions/v1/auto-scaling",
      body: {},
      headers: { "content-type": "application/json", authorization: "Bearer <token cron>" },
      timeout_milliseconds: 120_000,
    },
  ]);
});

test("learning anew, looking, acting and freezing: the statements fit the tables", async () => {
  await owner`insert into flyahead.forecast_state (pool_id, hot, saved_at)
    select id, '{}', now() from flyahead.worker_regions`;
  await owner.unsafe(sections.get(10)!);
  expect([...(await owner`select count(*)::int as states from flyahead.forecast_state`)]).toEqual([
    { states: 0 },
  ]);
  await owner.unsafe(sections.get(12)!);
  await owner.unsafe(sections.get(13)!);
  const pool = () =>
    owner`select mode, max_workers, frozen_until > now() as frozen from flyahead.worker_regions`;
  expect([...(await pool())]).toEqual([{ mode: "act", max_workers: 6, frozen: null }]);
  await owner.unsafe(sections.get(14)!);
  expect([...(await pool())]).toEqual([{ mode: "observe", max_workers: 6, frozen: true }]);
  expect(await owner`select from cron.job`).toHaveLength(0);
});

test("removing it leaves nothing, and it can be installed again", async () => {
  await owner.unsafe(sections.get(15)!);
  const left = await owner`select
    (select count(*)::int from pg_namespace where nspname like 'flyahead%') as schemas,
    (select count(*)::int from pg_roles where rolname like 'flyahead%') as roles,
    (select count(*)::int from cron.job) as jobs,
    (select count(*)::int from vault.secrets) as secrets`;
  expect([...left]).toEqual([{ schemas: 0, roles: 0, jobs: 0, secrets: 0 }]);
  const again = await applyMigrations(ownerUrl);
  expect(again.applied.length).toBeGreaterThan(0);
});
