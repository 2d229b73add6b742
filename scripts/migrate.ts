// npm run migrate -- [--database-url URL]: brings a database up to date with migrations/, as `npx supabase db push` would,
// and shares its history table (src/local/migrations.ts). The address comes from the option, else from DATABASE_URL.
// The trap: the functions' own role may not change the schema, so this wants the address of the database's owner.
import { parseArgs } from "node:util";
import { applyMigrations } from "../src/local/migrations.ts";
import { readCommand, runScript, UserError } from "./user-error.ts";

const USAGE = `Usage: npm run migrate -- [--database-url URL]
Applies migrations/*.sql that the database does not have yet, each in one transaction.
  --database-url URL   postgres://user:password@host:port/database of the owner; default: DATABASE_URL`;

function readDatabaseUrl(): URL | "help" {
  const options = { "database-url": { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  const { values } = parseArgs({ options });
  if (values.help) return "help";
  const databaseUrl = values["database-url"] ?? process.env.DATABASE_URL;
  if (!databaseUrl) throw new UserError("No database was named.");
  if (!URL.canParse(databaseUrl)) throw new UserError("The database's URL cannot be read.");
  return new URL(databaseUrl);
}

async function main(): Promise<void> {
  const url = readCommand(readDatabaseUrl, USAGE);
  if (url === "help") return console.log(USAGE);
  const at = `${url.host}${url.pathname}`;
  console.log(`Migrating ${at}`);
  const { applied } = await applyMigrations(url.href, {
    onApplied: (file) => console.log(`  applied ${file}`),
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Cannot migrate ${at}: ${error.message || error.code}`);
  });
  console.log(applied.length > 0 ? `Done: ${applied.length} applied.` : "Already up to date.");
}

runScript(main);
