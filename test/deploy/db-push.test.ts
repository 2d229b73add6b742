// The project's own migrations on a plain Postgres: by the real Supabase CLI, by applyMigrations, and by one after the other.
// The CLI runs in a copy of supabase/ and migrations/: it leaves a .temp folder wherever it runs.
import { cpSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyMigrations } from "../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";
import { copyProject, PROJECT, supabase } from "./supabase-cli.ts";

const FILES = readdirSync(join(PROJECT, "migrations")).filter((name) => name.endsWith(".sql"));
const HALF = Math.ceil(FILES.length / 2);

let temp: TempFolder;
let server: LocalPostgres;

beforeAll(async () => {
  temp = makeTempFolder();
  server = await startPostgres({ folder: temp.path });
});

afterAll(async () => {
  await server?.close();
  temp?.remove();
});

/** A database, and a copy of the project with the first `count` migrations; `complete` adds the others. */
async function installation(name: string, count = FILES.length) {
  const url = await server.createDatabase(name);
  const workdir = join(temp.path, name);
  copyProject(workdir, ["supabase", "migrations"]);
  for (const file of FILES.slice(count)) rmSync(join(workdir, "migrations", file));
  const push = (...options: string[]) =>
    supabase(["db", "push", `--remote=${url}`, ...options], { home: temp.path, workdir });
  const migrate = () => applyMigrations(url, { folder: join(workdir, "migrations") });
  const complete = () =>
    cpSync(join(PROJECT, "migrations"), join(workdir, "migrations"), { recursive: true });
  const query = async (text: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    return [...(await sql.unsafe(text).finally(() => sql.end()))];
  };
  const history = async () =>
    (
      await query(
        "select version || '_' || name || '.sql' as file from supabase_migrations.schema_migrations order by 1",
      )
    ).map((row) => row.file);
  return { push, migrate, complete, query, history };
}

describe("migrations on a plain Postgres", () => {
  test("supabase/migrations is a link to ../migrations", () => {
    expect(readlinkSync(join(PROJECT, "supabase", "migrations"))).toBe("../migrations");
  });

  test("supabase db push applies all; a second push and applyMigrations find nothing to do", async () => {
    const { push, migrate, history } = await installation("pushed");
    await push();
    expect(await history()).toEqual(FILES);
    expect(await push()).toContain("up to date");
    expect((await migrate()).applied).toEqual([]);
  });

  test("applyMigrations goes on where supabase db push stopped", async () => {
    const { push, migrate, complete, history } = await installation("pushed_first", HALF);
    await push();
    complete();
    expect((await migrate()).applied).toEqual(FILES.slice(HALF));
    expect(await history()).toEqual(FILES);
  });

  test("supabase db push goes on where applyMigrations stopped", async () => {
    const { push, migrate, complete, history } = await installation("migrated_first", HALF);
    expect((await migrate()).applied).toEqual(FILES.slice(0, HALF));
    complete();
    expect(await history()).toEqual(FILES.slice(0, HALF));
    await push();
    expect(await history()).toEqual(FILES);
    expect(await push()).toContain("up to date");
  });

  test("the seed runs when it is asked for", async () => {
    const { push, query } = await installation("seeded");
    await push("--include-seed");
    expect(await query("select path from supabase_migrations.seed_files")).toEqual([
      { path: expect.stringContaining("seed.sql") },
    ]);
  });
});
