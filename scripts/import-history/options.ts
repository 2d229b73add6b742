/** The command line of import-history. */
import { parseArgs } from "node:util";
import { isTimeZone } from "../../src/core/zone.ts";
import { readCommand, readNumber, UserError } from "../user-error.ts";
import { COLUMNS, type Column, isColumn } from "./columns.ts";

export const USAGE = `Usage: npm run import-history -- FILE.csv [options]       (- reads from standard input)
Stores traffic of before flyahead, so that it is forecast from the start. The same file again changes nothing.

what the file says
  --columns at=timestamp,requests=hits   which header stands for what; others are found by their own name:
                       ${COLUMNS.slice(0, 6).join(", ")},
                       ${COLUMNS.slice(6).join(", ")}
  --bin-seconds N      width of a row (default 60). Wider: spread evenly over its minutes; less than 60: added up by minute
  --time-zone ZONE     of times that do not tell theirs, like Europe/Berlin
  --delimiter C        what stands between cells (default a comma; tab for a tab)
where the file does not say
  --app NAME, --region CODE, --process-group NAME   (the group: app, if nobody says)
how
  --dry-run            read and compare everything, write nothing
  --strict             write nothing if a row is refused
  --create-pools       make pools that are not known yet, in mode advise
  --database-url URL   of the database's owner (or DATABASE_URL); default: the stack of \`npm run demo -- --keep\`
  --json               the summary as JSON`;

export type ImportOptions = {
  /** "-" is standard input. */
  readonly file: string;
  readonly columns: ReadonlyMap<Column, string>;
  readonly fixed: { readonly app: string | null; readonly region: string | null; readonly group: string };
  readonly binSeconds: number;
  readonly timeZone: string | null;
  readonly delimiter: string;
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly createPools: boolean;
  readonly databaseUrl: string | undefined;
  readonly json: boolean;
};

/** @throws UserError with what is wrong, and the usage. */
export function readOptions(args: readonly string[]): ImportOptions | "help" {
  return readCommand(() => read([...args]), USAGE);
}

function read(args: string[]): ImportOptions | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ app: text, region: text, "process-group": text, columns: text, "bin-seconds": text },
      ...{ "time-zone": text, delimiter: text, "database-url": text },
      ...{ "dry-run": flag, strict: flag, "create-pools": flag, json: flag },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const [file, ...more] = positionals;
  if (file === undefined) throw new UserError("Which file? Name a CSV file, or - for standard input");
  if (more.length > 0)
    throw new UserError(`"${more.join(" ")}" is too much; import one file after the other`);
  return {
    file,
    columns: columnsOf(values.columns),
    fixed: {
      app: values.app ?? null,
      region: values.region ?? null,
      group: values["process-group"] ?? "app",
    },
    binSeconds: binSecondsOf(values["bin-seconds"] ?? "60"),
    timeZone: timeZoneOf(values["time-zone"]),
    delimiter: delimiterOf(values.delimiter ?? ","),
    dryRun: values["dry-run"],
    strict: values.strict,
    createPools: values["create-pools"],
    databaseUrl: values["database-url"],
    json: values.json,
  };
}

function columnsOf(text: string | undefined): ReadonlyMap<Column, string> {
  const pairs = (text === undefined ? [] : text.split(",")).map((pair): [Column, string] => {
    const [column = "", header = ""] = pair.split(/=(.*)/s).map((part) => part.trim());
    if (isColumn(column) && header !== "") return [column, header];
    throw new UserError(
      `--columns has "${pair}"; give pairs like at=timestamp,requests=hits with one of ${COLUMNS.join(", ")} on the left`,
    );
  });
  const twice = pairs.find(([column], i) => pairs.findIndex(([other]) => other === column) !== i);
  if (twice) throw new UserError(`--columns names ${twice[0]} twice; one header can stand for it`);
  return new Map(pairs);
}

function binSecondsOf(text: string): number {
  const seconds = readNumber("--bin-seconds", text, 1, 86_400);
  if (60 % seconds === 0 || seconds % 60 === 0) return seconds;
  throw new UserError(`--bin-seconds is "${text}"; give a divisor of 60, or a multiple of 60`);
}

function timeZoneOf(text: string | undefined): string | null {
  if (text === undefined || isTimeZone(text)) return text ?? null;
  throw new UserError(`--time-zone is "${text}"; give an IANA name like Europe/Berlin, or UTC`);
}

function delimiterOf(text: string): string {
  const delimiter = text === "tab" ? "\t" : text;
  if (delimiter.length === 1 && !'"\r\n'.includes(delimiter)) return delimiter;
  throw new UserError(`--delimiter is "${text}"; give one character, or the word tab`);
}
