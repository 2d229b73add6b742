/**
 * npm run import-history: traffic of before flyahead, from a CSV file, into the samples and their rollups, as the owner of
 * the database. docs/import.md has examples; migrations/0020_import.sql is the other half.
 *
 * The trap: exit code 1 does not mean that nothing happened. It says that a row was refused; the others are stored.
 */

import { showProgress } from "./demo/progress.ts";
import { connectImport, importDatabase } from "./import-history/database.ts";
import { type ImportOptions, readOptions, USAGE } from "./import-history/options.ts";
import { refusedCount } from "./import-history/refusals.ts";
import { runImport } from "./import-history/run.ts";
import { emptySummary, type Summary, summaryJson, summaryText } from "./import-history/summary.ts";
import { causeOf, findDatabase } from "./running-stack.ts";
import { runScript, UserError } from "./user-error.ts";

const NOT_MIGRATED = ["42883", "42704", "3F000"];
const NOT_OWNER = "42501";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(USAGE);
  const { url, from } = findDatabase(options.databaseUrl);
  if (!URL.canParse(url))
    throw new UserError(
      `The URL of ${from} cannot be read; it is like postgres://user:password@host:port/name`,
    );
  const progress = showProgress(process.stderr);
  const summary = emptySummary();
  const sql = connectImport(url);
  try {
    await runImport(options, importDatabase(sql), summary, progress);
  } catch (error) {
    progress.done();
    throw faultOf(error, new URL(url), summary);
  } finally {
    await sql.end({ timeout: 1 });
  }
  say(summary, options);
}

function say(summary: Summary, options: ImportOptions): void {
  console.log(options.json ? summaryJson(summary, options) : summaryText(summary, options));
  if (refusedCount(summary.refused) > 0) process.exitCode = 1;
  else if (summary.taken === 0)
    throw new UserError("Nothing was imported: the file has a header and no rows.");
}

function faultOf(error: unknown, { host, pathname }: URL, { taken }: Summary): unknown {
  if (error instanceof UserError || typeof (error as NodeJS.ErrnoException).code !== "string") return error;
  const code = (error as NodeJS.ErrnoException).code!;
  const where = `Cannot import into ${host}${pathname}: ${causeOf(error)}.`;
  const kept =
    taken > 0 ? ` ${taken} minutes are stored, by whole days; the same command goes on from there.` : "";
  if (NOT_MIGRATED.includes(code)) return new UserError(`${where} Is it up to date? npm run migrate`);
  if (code === NOT_OWNER)
    return new UserError(
      `${where} History is imported by the owner of the database, not by the functions' role.`,
    );
  return new UserError(
    `${where}${kept} The address must be direct or of a pooler in session mode (port 5432).`,
  );
}

runScript(main);
