import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalPostgres, startPostgres } from "../../src/local/postgres.ts";
import { runToEnd } from "../../src/local/run-to-end.ts";
import { makeTempFolder, type TempFolder } from "../../src/local/temp-folder.ts";

const PROJECT = resolve(fileURLToPath(import.meta.url), "../../..");
const FILES = readdirSync(join(PROJECT, "migrations")).filter((name) => name.endsWith(".sql"));

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

function migrate(args: string[], env: Record<string, string> = {}): Promise<string> {
  const home = join(temp.path, "home");
  mkdirSync(home, { recursive: true });
  return runToEnd({
    name: "migrate",
    command: process.execPath,
    args: ["--import", "tsx", "scripts/migrate.ts", ...args],
    cwd: PROJECT,
    env: { PATH: "/usr/bin:/bin", HOME: home, ...env },
  });
}

test("--database-url: prints each file it applies, then that there is nothing left; never the password", async () => {
  const url = await server.createDatabase("by_option");
  const first = await migrate(["--database-url", url]);
  for (const file of FILES) expect(first).toContain(`  applied ${file}\n`);
  expect(first).toContain(`Migrating 127.0.0.1:${server.port}/by_option\n`);
  expect(first).toContain(`Done: ${FILES.length} applied.`);
  expect(first).not.toContain(decodeURIComponent(new URL(url).password));
  expect(await migrate([], { DATABASE_URL: url })).toContain("Already up to date.");
});

test("fails with a sentence and the usage when no database is named, and with the reason when it is not there", async () => {
  await expect(migrate([])).rejects.toThrow(
    /exit code 1[\s\S]*No database was named\.\n\nUsage: npm run migrate/,
  );
  await expect(migrate(["--database-url", "nonsense"])).rejects.toThrow(/The database's URL cannot be read/);
  const missing = migrate(["--database-url", server.urlFor("not_there")]);
  await expect(missing).rejects.toThrow(
    /exit code 1[\s\S]*Cannot migrate .*: database "not_there" does not exist/,
  );
});

test("a migration that fails is named with its line", async () => {
  const url = await server.createDatabase("in_the_way");
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create schema flyahead create table settings (a int)`.finally(() => sql.end());
  await expect(migrate(["--database-url", url])).rejects.toThrow(
    /Cannot migrate .*: Migration 0001_schemas\.sql.* failed: relation "settings" already exists \(SQLSTATE 42P07\)/,
  );
});
