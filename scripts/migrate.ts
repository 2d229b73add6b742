// npm run migrate -- [--database-url URL]: brings a database up to date with migrations/, as `npx supabase db push` would,
// and shares its history table (src/local/migrations.ts). The address comes from the option, else from DATABASE_URL.
// The trap: the functions' own role may not change the schema, so this wants the address of the database's owner.
import { parseArgs } from "node:util";
import { applyMigrations } from "../src/local/migrations.ts";

const USAGE = `Usage: npm run migrate -- [--database-url URL]
Applies migrations/*.sql that the database does not have yet, each in one transaction.
  --database-url URL   postgres://user:password@host:port/database of the owner; default: DATABASE_URL`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { "database-url": { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(USAGE);
  const databaseUrl = values["database-url"] ?? process.env.DATABASE_URL;
  if (!databaseUrl || !URL.canParse(databaseUrl))
    throw new Error(
      `${databaseUrl ? "The database's URL cannot be read" : "No database was named"}.\n${USAGE}`,
    );
  const { host, pathname } = new URL(databaseUrl);
  console.log(`Migrating ${host}${pathname}`);
  const { applied } = await applyMigrations(databaseUrl, {
    onApplied: (file) => console.log(`  applied ${file}`),
  });
  console.log(applied.length > 0 ? `Done: ${applied.length} applied.` : "Already up to date.");
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
