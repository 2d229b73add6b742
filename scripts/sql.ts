// `npm run sql -- "select …"`: a look into the database on a machine without psql. It asks the database of DATABASE_URL, else that
// of the stack which `npm run demo -- --keep` left running (.flyahead/stack.json). The trap: the shell. Put the query in
// quotes, or it expands the * and npm keeps what looks like its own options. Times are shown as Postgres writes them, in UTC.
import { parseArgs } from "node:util";
import postgres from "postgres";
import { textTable } from "../src/local/text-table.ts";
import { findDatabase } from "./running-stack.ts";
import { runScript, UserError } from "./user-error.ts";

const USAGE = `Usage: npm run sql -- "select …" [--json] [--width N]
  --json     rows as JSON, one array for each statement that answers rows
  --width N  places that one cell may take (default 60, and less where the terminal is narrow)
The database: DATABASE_URL, else the stack of \`npm run demo -- --keep\`.`;

function readArguments() {
  try {
    const options = {
      json: { type: "boolean" },
      width: { type: "string" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const width = values.width === undefined ? null : Number(values.width);
    if (width !== null && (!Number.isInteger(width) || width < 1))
      throw new Error(`--width ${values.width} is not a whole number above 0.`);
    return { ...values, width, query: positionals.join(" ").trim() };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

type Result = postgres.RowList<postgres.Row[]>;

function show(result: Result, width: number | null): string {
  const names = result.columns?.map(({ name }) => name) ?? [];
  if (names.length === 0)
    return [result.command, result.count].filter((part) => part !== null && part !== undefined).join(" ");
  const rows = result as unknown as unknown[][];
  return `${textTable(names, rows, width === null ? {} : { maxCellWidth: width, cut: false })}\n(${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
}

function asObjects(result: Result): Record<string, unknown>[] {
  const names = result.columns?.map(({ name }) => name) ?? [];
  return (result as unknown as unknown[][]).map((row) =>
    Object.fromEntries(names.map((name, index) => [name, row[index]])),
  );
}

function describeFault(error: unknown, query: string, from: string): string {
  if (error instanceof postgres.PostgresError) {
    const { severity, message, detail, hint, position } = error;
    const before = query.slice(0, Number(position ?? 0) - 1).split("\n");
    const at = position
      ? `\nat line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} of the query`
      : "";
    return `${severity}: ${message}${at}${detail ? `\n${detail}` : ""}${hint ? `\nHint: ${hint}` : ""}`;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED" || code === "CONNECT_TIMEOUT" || code === "ENOTFOUND") {
    return `The database of ${from} does not answer (${message || code}). Is it up? \`npm run demo -- --keep\` starts one and leaves it running.`;
  }
  return `The query failed on the database of ${from}: ${message || code}`;
}

async function main(): Promise<void> {
  const { query, json, width, help } = readArguments();
  if (help) return console.log(USAGE);
  if (query === "") throw new UserError(`There is no query.\n\n${USAGE}`);
  const { url, from } = findDatabase(undefined);
  const fault = (error: unknown) => new UserError(describeFault(error, query, from));
  let sql: postgres.Sql;
  try {
    sql = postgres(url, {
      max: 1,
      prepare: false,
      fetch_types: false,
      connect_timeout: 10,
      onnotice: ({ severity, message }) => console.error(`${severity}: ${message}`),
      connection: { application_name: "flyahead sql", TimeZone: "UTC" },
      types: {
        date: { to: 1184, from: [1082, 1114, 1184], serialize: String, parse: (text: string) => text },
      },
    });
  } catch (error) {
    throw fault(error);
  }
  try {
    const answer = (await sql.unsafe(query).values().simple()) as unknown as Result | Result[];
    const results = "command" in answer ? [answer as Result] : (answer as Result[]);
    const objects = results.filter((result) => (result.columns?.length ?? 0) > 0).map(asObjects);
    if (json) console.log(JSON.stringify(objects.length === 1 ? objects[0] : objects, null, 2));
    else console.log(results.map((result) => show(result, width)).join("\n\n"));
  } catch (error) {
    throw fault(error);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

runScript(main);
