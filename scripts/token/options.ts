/** The command line of token. */
import { parseArgs } from "node:util";
import { readCommand, readList, UserError } from "../user-error.ts";

/** As the check on flyahead.api_tokens has them. */
const SCOPES = {
  tick: "call auto-scaling (cron)",
  ingest: "send traffic samples (app machines)",
  read: "read traffic series",
  work: "run jobs",
};
export const USAGE = `Usage: npm run token -- create --name NAME --scopes ${Object.keys(SCOPES).join(",")} [--apps a,b]
       npm run token -- list
       npm run token -- revoke --name NAME
Scopes, one or several:
${Object.entries(SCOPES)
  .map(([scope, what]) => `  ${scope.padEnd(8)} ${what}`)
  .join("\n")}
  --apps a,b           only for these apps (default: all)
  --database-url URL   of the database's owner (or DATABASE_URL); default: the stack of \`npm run demo -- --keep\`
  --json               the answer as JSON`;

export type Command =
  | {
      readonly verb: "create";
      readonly name: string;
      readonly scopes: string[];
      readonly apps: string[] | null;
    }
  | { readonly verb: "list" }
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
      ...{ name: text, scopes: text, apps: text, "database-url": text },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return { command: readVerb(positionals, values), databaseUrl: values["database-url"], json: values.json };
}

type Values = { name?: string | undefined; scopes?: string | undefined; apps?: string | undefined };

function readVerb([verb, ...rest]: string[], { name, scopes, apps }: Values): Command {
  if (rest.length > 0)
    throw new UserError(`"${rest.join(" ")}" is one word too many; a name goes behind --name`);
  if (verb === "list") return { verb };
  if (verb !== "create" && verb !== "revoke")
    throw new UserError(
      verb === undefined ? "What is to be done?" : `There is no "${verb}"; it is create, list or revoke`,
    );
  if (name === undefined || name.trim() === "") throw new UserError(`Which token? ${verb} needs --name NAME`);
  if (verb === "revoke") return { verb, name };
  const asked = readList("--scopes", scopes);
  if (asked === null) throw new UserError("What may the token do? Give --scopes");
  const unknown = asked.filter((scope) => !Object.hasOwn(SCOPES, scope));
  if (unknown.length > 0)
    throw new UserError(
      `There is no scope ${unknown.join(", ")}; choose from ${Object.keys(SCOPES).join(", ")}`,
    );
  return { verb, name, scopes: asked, apps: readList("--apps", apps) };
}
