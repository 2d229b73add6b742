// The two scripts that stand on src/local alone, run as a person runs them.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = makeTempFolder();
let server: LocalPostgres;

beforeAll(async () => {
  server = await startPostgres({ folder: folder.path });
});
afterAll(async () => {
  await server?.close();
  folder.remove();
});

function run(script: string, args: string[], env: Record<string, string> = {}) {
  const command = ["--import", "tsx", `scripts/${script}`, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}
const sql = (...args: string[]) => run("sql.ts", args, { DATABASE_URL: server.url });

test("sql prints rows as a table, times in UTC as Postgres writes them, NULL as ∅", () => {
  const query =
    "select 7 as n, '東京' as city, null as nothing, timestamptz '2026-11-01 12:00:00.123456+02' as at";
  expect(sql(query)).toEqual({
    status: 0,
    stderr: "",
    stdout: `n  city  nothing  at
─  ────  ───────  ─────────────────────────────
7  東京  ∅        2026-11-01 10:00:00.123456+00
(1 row)
`,
  });
  expect(JSON.parse(sql("select 1 as n, null as z", "--json").stdout)).toEqual([{ n: 1, z: null }]);
});

test("sql says what is wrong: the query, the database, no query", () => {
  expect(sql("select *\n from nowhere")).toEqual({
    status: 1,
    stdout: "",
    stderr: 'ERROR: relation "nowhere" does not exist\nat line 2, column 7 of the query\n',
  });
  const away = run("sql.ts", ["select 1"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
  expect(away.status).toBe(1);
  expect(away.stderr).toMatch(/DATABASE_URL does not answer.*demo -- --keep/);
  expect(sql().stderr).toMatch(/There is no query.*Usage/s);
});

test("check-deno passes functions that stand on their own, and does not pass when there are none", () => {
  expect(run("check-deno.ts", ["test/fixtures/deno-function"])).toMatchObject({ status: 0, stderr: "" });
  const nothing = run("check-deno.ts", ["test/fixtures/deno-function/functions"]);
  expect(nothing.status).toBe(1);
  expect(nothing.stderr).toMatch(/nothing was checked/);
});
