/** The command line of token. */
import { parseArgs } from "node:util";
import { readCommand, readList, readNumber, UserError } from "../user-error.ts";

/** As the check on flyahead.api_tokens has them. */
const SCOPES = {
  tick: "call auto-scaling (cron)",
  ingest: "send traffic samples (app machines)",
  read: "read traffic series, pools and what they depend on",
  work: "run jobs",
};
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const MOST_DAYS = 3_650;

export const USAGE = `Usage: npm run token -- create --name NAME --scopes ${Object.keys(SCOPES).join(",")} [--apps a,b] [--days N]
       npm run token -- list
       npm run token -- rotate --name NAME [--grace-hours N]
       npm run token -- revoke --name NAME
Scopes, one or several:
${Object.entries(SCOPES)
  .map(([scope, what]) => `  ${scope.padEnd(8)} ${what}`)
  .join("\n")}
  --apps a,b           only for these apps (default: all)
  --days N             good for N days (default: until it is revoked)
  --grace-hours N      the old word is good for N hours more (default: 24; 0: not at all)
  --database-url URL   of the database's owner (or DATABASE_URL); default: the stack of \`npm run demo -- --keep\`
  --json               the answer as JSON`;

export type Command =
  | {
      readonly verb: "create";
      readonly name: string;
      readonly scopes: string[];
      readonly apps: string[] | null;
      /** null: good until it is revoked. */
      readonly goodForSeconds: number | null;
    }
  | { readonly verb: "list" }
  | { readonly verb: "rotate"; readonly name: string; readonly graceSeconds: number }
  | { readonly verb: "revoke"; readonly name: string };
export type TokenOptions = {
  readonly command: Command;
  readonly databaseUrl: string | undefined;
  readonly json: boolean;
};

/** @throws UserError with what is wrong, and the usage. */
export function readOptions(args: readonly string[]): TokenOptions | "help" {
  return readCommand(() => read([...args]), USAGE);
}

function read(args: string[]): TokenOptions | "help" {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ name: text, scopes: text, apps: text, days: text, "grace-hours": text, "database-url": text },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return { command: readVerb(positionals, values), databaseUrl: values["database-url"], json: values.json };
}

type Values = { [option in "name" | "scopes" | "apps" | "days" | "grace-hours"]?: string | undefined };

const VERBS = ["create", "list", "rotate", "revoke"];

function readVerb([verb, ...rest]: string[], values: Values): Command {
  const { name, scopes, apps, days } = values;
  if (rest.length > 0)
    throw new UserError(`"${rest.join(" ")}" is one word too many; a name goes behind --name`);
  if (verb === "list") return { verb };
  if (verb === undefined || !VERBS.includes(verb))
    throw new UserError(
      verb === undefined ? "What is to be done?" : `There is no "${verb}"; it is ${VERBS.join(", ")}`,
    );
  if (name === undefined || name.trim() === "") throw new UserError(`Which token? ${verb} needs --name NAME`);
  if (verb === "revoke") return { verb, name };
  if (verb === "rotate") {
    const graceHours = readNumber("--grace-hours", values["grace-hours"] ?? "24", 0, 24 * MOST_DAYS);
    return { verb, name, graceSeconds: graceHours * HOUR_SECONDS };
  }
  const asked = readList("--scopes", scopes);
  if (asked === null) throw new UserError("What may the token do? Give --scopes");
  const unknown = asked.filter((scope) => !Object.hasOwn(SCOPES, scope));
  if (unknown.length > 0)
    throw new UserError(
      `There is no scope ${unknown.join(", ")}; choose from ${Object.keys(SCOPES).join(", ")}`,
    );
  const goodForSeconds =
    days === undefined ? null : readNumber("--days", days, 1 / 24, MOST_DAYS) * DAY_SECONDS;
  return { verb: "create", name, scopes: asked, apps: readList("--apps", apps), goodForSeconds };
}
