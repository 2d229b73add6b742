/**
 * npm run token: makes, lists and revokes the tokens with which cron, app machines and people call the functions. A token is
 * shown once, on stdout and alone, so that `TOKEN=$(npm run -s token -- create …)` works; the database keeps its SHA-256.
 *
 * The trap: a lost token cannot be shown again. Revoke it and make another, under another name.
 */
import { createHash, randomBytes } from "node:crypto";
import postgres from "postgres";
import { connectPostgres, type Sql } from "../src/adapters/postgres/connect.ts";
import { bookToken, listTokens, revokeToken } from "../src/adapters/postgres/tokens.ts";
import { formatInstant, type Instant } from "../src/core/time.ts";
import { textTable } from "../src/local/text-table.ts";
import { causeOf, findDatabase } from "./running-stack.ts";
import { type Command, readOptions, type TokenOptions, USAGE } from "./token/options.ts";
import { runScript, UserError } from "./user-error.ts";

const TOKEN_BYTES = 32;
const UNIQUE_VIOLATION = "23505";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(USAGE);
  const { url, from } = findDatabase(options.databaseUrl);
  if (!URL.canParse(url))
    throw new UserError(
      `The URL of ${from} cannot be read; it is like postgres://user:password@host:port/name`,
    );
  const sql = connectPostgres(url);
  try {
    await run(sql, options);
  } catch (error) {
    if (error instanceof UserError || typeof (error as NodeJS.ErrnoException).code !== "string") throw error;
    const { host, pathname } = new URL(url);
    throw new UserError(
      `Cannot reach the tokens at ${host}${pathname} (${from}): ${causeOf(error)}. Is it up, migrated (npm run migrate), and the role its owner?`,
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function run(sql: Sql, { command, json }: TokenOptions): Promise<void> {
  switch (command.verb) {
    case "create":
      return create(sql, command, json);
    case "list":
      return list(sql, json);
    case "revoke":
      return revoke(sql, command.name, json);
  }
}

async function create(sql: Sql, command: Extract<Command, { verb: "create" }>, json: boolean): Promise<void> {
  const { name, scopes, apps } = command;
  const token = `fa_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const tokenHash = createHash("sha256").update(token).digest("hex");
  try {
    await bookToken(sql, { name, tokenHash, scopes, apps });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError && error.code === UNIQUE_VIOLATION)) throw error;
    throw new UserError(
      `The name "${name}" is taken; choose another. A revoked token keeps its name, \`npm run token -- list\` shows all`,
    );
  }
  if (json) return console.log(JSON.stringify({ name, scopes, apps, token }));
  console.error(
    `Token "${name}" may ${scopes.join(", ")} for ${apps?.join(", ") ?? "all apps"}. It is shown this once; keep it safe:`,
  );
  console.log(token);
}

async function list(sql: Sql, json: boolean): Promise<void> {
  const tokens = await listTokens(sql);
  const at = (instant: Instant | null) => (instant === null ? null : formatInstant(floorToSecond(instant)));
  const rows = tokens.map(({ createdAt, expiresAt, revokedAt, ...token }) => {
    return { ...token, createdAt: at(createdAt), expiresAt: at(expiresAt), revokedAt: at(revokedAt) };
  });
  if (json) return console.log(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return console.log("There are no tokens; `npm run token -- create` makes one.");
  const columns = ["name", "scopes", "apps", "created", "expires", "revoked"];
  console.log(
    textTable(
      columns,
      rows.map(({ name, scopes, apps, createdAt, expiresAt, revokedAt }) => [
        ...[name, scopes.join(", "), apps?.join(", ") ?? "all"],
        ...[createdAt, expiresAt ?? "never", revokedAt ?? "no"],
      ]),
    ),
  );
}

async function revoke(sql: Sql, name: string, json: boolean): Promise<void> {
  const what = await revokeToken(sql, name);
  if (what === "unknown")
    throw new UserError(`There is no token "${name}"; \`npm run token -- list\` shows all`);
  if (json) return console.log(JSON.stringify({ name, was: what === "revoked" ? "valid" : "revoked" }));
  console.log(
    what === "revoked"
      ? `Token "${name}" is revoked: the next call with it is refused.`
      : `Token "${name}" was revoked before.`,
  );
}

function floorToSecond(instant: Instant): Instant {
  return Math.floor(instant / 1_000) * 1_000;
}

runScript(main);
