import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyMigrations } from "../../src/local/migrations.ts";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";

let temp: TempFolder;
let server: LocalPostgres;
let made = 0;

beforeAll(async () => {
  temp = makeTempFolder();
  server = await startPostgres({ folder: temp.path });
});

afterAll(async () => {
  await server?.close();
  temp?.remove();
});

/** An empty database and a folder with these files in it. */
async function project(files: Record<string, string>) {
  made += 1;
  const url = await server.createDatabase(`migrations_${made}`);
  const folder = join(temp.path, `folder-${made}`);
  mkdirSync(folder);
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  for (const [file, text] of Object.entries(files)) write(file, text);
  const rows = async (query: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    return [...(await sql.unsafe(query).finally(() => sql.end()))] as Record<string, unknown>[];
  };
  return { url, folder, write, rows, migrate: () => applyMigrations(url, { folder }) };
}

const HISTORY =
  "select version, name, statements from supabase_migrations.schema_migrations order by version";
const ONE = "create table t (a int);\n-- the first row; kept\ninsert into t values (1);\n";
const TWO = "insert into t values (2);\n";

describe("applyMigrations", () => {
  test("applies the files in order, tells of each, and records them as the Supabase CLI does", async () => {
    const { url, folder, rows } = await project({
      "0002_more.sql": TWO,
      "0001_one.sql": ONE,
      "notes.txt": "x",
      "README.sql": "x",
    });
    const told: string[] = [];
    const result = await applyMigrations(url, { folder, onApplied: (file) => told.push(file) });
    expect(result.applied).toEqual(["0001_one.sql", "0002_more.sql"]);
    expect(told).toEqual(result.applied);
    expect(await rows(HISTORY)).toEqual([
      { version: "0001", name: "one", statements: [ONE] },
      { version: "0002", name: "more", statements: [TWO] },
    ]);
    expect(await rows("select a from t order by a")).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("does nothing the second time, and goes on with a file that was added", async () => {
    const { migrate, write, rows } = await project({ "0001_one.sql": ONE });
    expect((await migrate()).applied).toEqual(["0001_one.sql"]);
    expect((await migrate()).applied).toEqual([]);
    write("0002_two.sql", TWO);
    expect((await migrate()).applied).toEqual(["0002_two.sql"]);
    expect(await rows("select count(*)::int as rows from t")).toEqual([{ rows: 2 }]);
  });

  test("keeps nothing of a file that fails, says which line, and goes on once it is corrected", async () => {
    const { migrate, write, rows } = await project({
      "0001_one.sql": ONE,
      "0002_bad.sql":
        "create table kept (a int);\ninsert into t values (2);\ninsert into nowhere values (1);\n",
      "0003_three.sql": "insert into t values (3);",
    });
    await expect(migrate()).rejects.toThrow(
      /0002_bad\.sql, line 3 failed: relation "nowhere" does not exist \(SQLSTATE 42P01\)/,
    );
    expect(await rows("select to_regclass('kept') as kept")).toEqual([{ kept: null }]);
    expect(await rows("select a from t")).toEqual([{ a: 1 }]);
    expect((await rows(HISTORY)).map(({ version }) => version)).toEqual(["0001"]);
    write("0002_bad.sql", TWO);
    expect((await migrate()).applied).toEqual(["0002_bad.sql", "0003_three.sql"]);
  });

  test("two at once apply every file once", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `000${i + 2}_row.sql`);
    const slow = Object.fromEntries(names.map((name) => [name, `${TWO}select pg_sleep(0.01);`]));
    const { migrate, rows } = await project({ "0001_one.sql": ONE, ...slow });
    const results = await Promise.all([migrate(), migrate(), migrate()]);
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual(["0001_one.sql", ...names]);
    expect(await rows("select count(*)::int as rows from t")).toEqual([{ rows: 9 }]);
  });

  test("a setting that a file leaves behind does not reach the next", async () => {
    const { migrate, rows } = await project({
      "0001_path.sql": "create schema elsewhere; set search_path = elsewhere;",
      "0002_table.sql": "create table here (a int);",
    });
    await migrate();
    const where = "select relnamespace::regnamespace::text as schema from pg_class where relname = 'here'";
    expect(await rows(where)).toEqual([{ schema: "public" }]);
  });
});

describe("a history that the files cannot continue", () => {
  test("a file changed after it was applied: named, and nothing is applied", async () => {
    const { migrate, write, rows } = await project({ "0001_one.sql": ONE });
    await migrate();
    write("0001_one.sql", ONE.replace("(1)", "(7)"));
    write("0002_two.sql", TWO);
    await expect(migrate()).rejects.toThrow(/Changed after it was applied to this database: 0001_one\.sql\./);
    expect(await rows("select a from t")).toEqual([{ a: 1 }]);
  });

  test("comments and white space are no change, but what stands in quotes is", async () => {
    const text = "create function f() returns text language sql as $$ select 'a -- b; c' $$;\n";
    const { migrate, write } = await project({ "0001_one.sql": text });
    await migrate();
    write("0001_one.sql", `/* now; explained */\r\n\r\n${text.trim()} -- and; here`);
    expect((await migrate()).applied).toEqual([]);
    write("0001_one.sql", text.replace("-- b", "-- d"));
    await expect(migrate()).rejects.toThrow(/Changed after/);
  });

  test("a version marked as applied without its statements is taken as it is", async () => {
    const { migrate, write, rows } = await project({ "0001_one.sql": ONE });
    await migrate();
    await rows("update supabase_migrations.schema_migrations set statements = null");
    write("0001_one.sql", "select 1");
    expect((await migrate()).applied).toEqual([]);
  });

  test("a version that the folder does not have", async () => {
    const { migrate, folder, write } = await project({ "0001_one.sql": ONE, "0002_two.sql": TWO });
    await migrate();
    rmSync(join(folder, "0002_two.sql"));
    write("0003_three.sql", TWO);
    await expect(migrate()).rejects.toThrow(/This database has migrations that .* does not: 0002\./);
  });

  test("a file older than the newest that was applied", async () => {
    const { migrate, write } = await project({ "0001_one.sql": ONE, "0003_three.sql": TWO });
    await migrate();
    write("0002_two.sql", TWO);
    await expect(migrate()).rejects.toThrow(/0002_two\.sql would come before 0003/);
  });

  test("two files of one version, and no file at all", async () => {
    const twins = await project({ "0001_one.sql": ONE, "0001_uno.sql": TWO });
    await expect(twins.migrate()).rejects.toThrow(/Two migrations in .* have the version 0001/);
    const none = await project({ "one.sql": ONE });
    await expect(none.migrate()).rejects.toThrow(/No migrations in .*: expected files such as/);
  });
});
