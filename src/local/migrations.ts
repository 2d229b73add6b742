// Applies migrations/*.sql in order and shares its history, supabase_migrations.schema_migrations, with the Supabase
// CLI: either tool goes on where the other stopped, and both refuse a history they cannot continue. Each file and its
// history row are one transaction, so a file that fails leaves nothing behind. The lock lives in that transaction (a
// pooler in transaction mode keeps no other), so each file reads the history anew: another migrator may have applied it.
// The trap: the CLI stores a file cut into statements, we store it whole, so what a cut loses is left out of comparisons.
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import postgres, { type PostgresError, type Sql, type TransactionSql } from "postgres";

export interface MigrateOptions {
  /** Where the .sql files are. Default: the project's migrations/. */
  readonly folder?: string;
  /** Called with a file's name once it is committed. */
  readonly onApplied?: (file: string) => void;
}

interface Migration {
  readonly file: string;
  readonly version: string;
  readonly name: string;
  readonly text: string;
}

interface HistoryRow {
  readonly version: string;
  /** Null where another tool marked the version as applied without its text. */
  readonly statements: readonly string[] | null;
}

const FILE_NAME = /^([0-9]+)_(.*)\.sql$/;
const HISTORY = "supabase_migrations.schema_migrations";
/** "flyahead" in ASCII: any number will do, as long as every migrator takes the same. */
const LOCK_KEY = "7380407348623663460";

/** The migrations in a folder, in version order. Throws when there are none or two have one version. */
async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name));
  const migrations = await Promise.all(
    names.map(async (file) => {
      const [, version = "", name = ""] = FILE_NAME.exec(file) ?? [];
      return { file, version, name, text: await readFile(join(folder, file), "utf8") };
    }),
  );
  migrations.sort((a, b) => (a.version < b.version ? -1 : 1));
  if (migrations.length === 0)
    throw new Error(`No migrations in ${folder}: expected files such as 0001_regions.sql.`);
  const twin = migrations.find((one, i) => one.version === migrations[i + 1]?.version);
  if (twin) throw new Error(`Two migrations in ${folder} have the version ${twin.version}. Renumber one.`);
  return migrations;
}

const LITERAL_OR_GAP = /('(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\2)|--.*|\/\*[\s\S]*?\*\/|[\s;]+/g;

/** What a migration says, without the comments, white space and semicolons between its words: a cut may lose them. */
function essence(sql: string): string {
  return sql.replaceAll("\r\n", "\n").replace(LITERAL_OR_GAP, "$1");
}

/** Throws where the files cannot continue this history: as the CLI does, and also where an applied file was changed. */
function checkHistory(
  migrations: readonly Migration[],
  history: readonly HistoryRow[],
  folder: string,
): void {
  const applied = new Map(history.map((row) => [row.version, row]));
  const known = new Set(migrations.map(({ version }) => version));
  const unknown = history.filter(({ version }) => !known.has(version)).map(({ version }) => version);
  if (unknown.length > 0) {
    const what = `This database has migrations that ${folder} does not: ${unknown.join(", ")}.`;
    throw new Error(
      `${what} Nothing was applied. Update your checkout, or give flyahead a database of its own.`,
    );
  }
  const changed = migrations.filter(({ version, text }) => {
    const statements = applied.get(version)?.statements;
    return statements && essence(statements.join(";\n")) !== essence(text);
  });
  if (changed.length > 0) {
    const what = `Changed after it was applied to this database: ${changed.map(({ file }) => file).join(", ")}.`;
    throw new Error(`${what} Nothing was applied. Restore the file and put the change into a new migration.`);
  }
  const last = history.at(-1)?.version ?? "";
  const late = migrations.filter(({ version }) => !applied.has(version) && version < last);
  if (late.length > 0) {
    const what = `${late.map(({ file }) => file).join(", ")} would come before ${last}, which is already applied.`;
    throw new Error(`${what} Nothing was applied. Renumber the file so that it is the newest.`);
  }
}

async function readHistory(sql: TransactionSql): Promise<HistoryRow[]> {
  const [found] = await sql`select to_regclass(${HISTORY}) is not null as here`;
  if (!found?.here) {
    await sql.unsafe(`create schema if not exists supabase_migrations;
      create table ${HISTORY} (version text not null primary key, statements text[], name text)`);
  }
  const rows = await sql`select version, to_json(statements) as statements
    from supabase_migrations.schema_migrations order by version collate "C"`;
  return rows.map(({ version, statements }) => ({ version, statements }));
}

function failure({ file, text }: Migration, error: PostgresError): Error {
  const line = error.position ? `, line ${text.slice(0, Number(error.position) - 1).split("\n").length}` : "";
  const more = [error.detail, error.hint, error.where].filter(Boolean).join(" ");
  const what = `Migration ${file}${line} failed: ${error.message}${error.code ? ` (SQLSTATE ${error.code})` : ""}.`;
  return new Error(`${what}${more && ` ${more}`} Nothing of this file was kept; correct it and run again.`, {
    cause: error,
  });
}

/** Applies the oldest file that is missing and answers it; undefined when none is. */
function applyNext(
  sql: Sql,
  migrations: readonly Migration[],
  folder: string,
): Promise<Migration | undefined> {
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK_KEY}::bigint)`;
    const history = await readHistory(tx);
    checkHistory(migrations, history, folder);
    const next = migrations[history.length];
    if (!next) return undefined;
    await tx.unsafe(next.text).catch((error) => Promise.reject(failure(next, error)));
    await tx.unsafe("reset all");
    await tx`insert into supabase_migrations.schema_migrations (version, name, statements)
      values (${next.version}, ${next.name}, array[${next.text}])`;
    return next;
  }) as Promise<Migration | undefined>;
}

/**
 * Brings a database up to date with the files of a folder. Safe to run again and to run twice at once.
 * @param databaseUrl of a role that may create schemas and roles; TLS where the server offers it, unless it says sslmode
 * @returns the names of the files that this call applied, in order
 * @throws when a file fails (nothing of it is kept), when the history has versions that the folder lacks or would have
 *   to be inserted into, or when an applied file was changed
 */
export async function applyMigrations(
  databaseUrl: string,
  { folder = resolve(fileURLToPath(import.meta.url), "../../../migrations"), onApplied }: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(folder);
  const tls = databaseUrl.includes("sslmode=") ? {} : { ssl: "prefer" as const };
  const sql = postgres(databaseUrl, {
    max: 1,
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    ...tls,
  });
  const applied: string[] = [];
  try {
    for (;;) {
      const next = await applyNext(sql, migrations, folder);
      if (!next) return { applied };
      applied.push(next.file);
      onApplied?.(next.file);
    }
  } finally {
    await sql.end();
  }
}
