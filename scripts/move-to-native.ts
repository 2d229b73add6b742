// npm run move-to-native -- [--abandon] [--database-url URL]: moves the samples from a TimescaleDB hypertable to native daily
// partitions, live. Supabase's upgrade from Postgres 15 to 17 needs it, since its 17 has no TimescaleDB (docs/storage.md). It may be
// stopped at any time and started again. The trap: it wants the owner's address and the server itself (port 5432 or a
// session pooler), since the copy of a large day takes longer than a transaction pooler allows.
import { parseArgs } from "node:util";
import postgres from "postgres";
import { abandonMove, moveToNative, readStorageMode } from "./move-to-native/move.ts";
import { readCommand, runScript, UserError } from "./user-error.ts";

const USAGE = `Usage: npm run move-to-native -- [--abandon] [--database-url URL]
Moves the traffic samples from a TimescaleDB hypertable to native daily partitions, while flyahead goes on.
  --abandon            take back a move that was begun and not finished
  --database-url URL   postgres://user:password@host:port/database of the owner; default: DATABASE_URL`;

const NEXT = `flyahead needs TimescaleDB no more. What comes next:
  1. drop extension timescaledb;   -- refuses where other tables of yours are hypertables
  2. the upgrade of Postgres`;

function readArguments(): { url: URL; abandon: boolean } | "help" {
  const options = {
    "database-url": { type: "string" },
    abandon: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return "help";
  const databaseUrl = values["database-url"] ?? process.env.DATABASE_URL;
  if (!databaseUrl) throw new UserError("No database was named.");
  if (!URL.canParse(databaseUrl)) throw new UserError("The database's URL cannot be read.");
  return { url: new URL(databaseUrl), abandon: values.abandon };
}

async function run(sql: postgres.Sql, abandon: boolean): Promise<string> {
  const tell = (line: string) => console.error(`  ${line}`);
  const mode = await readStorageMode(sql);
  if (mode === "native") return "The samples are in native partitions already; nothing to do.";
  if (abandon) {
    const taken = await abandonMove(sql, tell);
    return taken ? `Taken back: the samples stay in mode ${mode}.` : "No move was begun; nothing to do.";
  }
  const { days, samples } = await moveToNative(sql, tell);
  return `Moved: ${samples} samples of ${days} days were copied, what was written meanwhile was carried over, and the hypertable is gone.\n${NEXT}`;
}

async function main(): Promise<void> {
  const command = readCommand(readArguments, USAGE);
  if (command === "help") return console.log(USAGE);
  const { url, abandon } = command;
  const at = `${url.host}${url.pathname}`;
  console.error(`Moving the samples of ${at}`);
  const tls = url.searchParams.has("sslmode") ? {} : { ssl: "prefer" as const };
  const connection = { application_name: "flyahead move-to-native", TimeZone: "UTC", DateStyle: "ISO" };
  const sql = postgres(url.href, {
    max: 1,
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    connection,
    ...tls,
  });
  try {
    console.log(await run(sql, abandon));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `The move stopped on ${at}: ${message || code}. The hypertable is in use as before, unless the move said that it is done. Run it again to go on.`,
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}

runScript(main);
