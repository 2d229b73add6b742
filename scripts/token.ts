/**
 * npm run token: makes, lists, rotates and revokes the tokens with which cron, app machines and people call the functions. A
 * token is shown once, on stdout and alone, so that `TOKEN=$(npm run -s token -- create …)` works; the database keeps its SHA-256.
 *
 * The trap: a lost token cannot be shown again. Rotate it: it gets another word, and keeps its name and rights.
 */
import { createHash, randomBytes } from "node:crypto";
import postgres from "postgres";
import { connectPostgres, type Sql } from "../src/adapters/postgres/connect.ts";
import { bookToken, listTokens, revokeToken, rotateToken } from "../src/adapters/postgres/tokens.ts";
import { floorTo, formatInstant, type Instant, SECOND_MS } from "../src/core/time.ts";
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
    case "rotate":
      return rotate(sql, command, json);
    case "revoke":
      return revoke(sql, command.name, json);
  }
}

async function create(sql: Sql, command: Extract<Command, { verb: "create" }>, json: boolean): Promise<void> {
  const { name, scopes, apps, goodForSeconds } = command;
  const { token, tokenHash } = newWord();
  const expiresAt = goodForSeconds === null ? null : Date.now() + goodForSeconds * 1_000;
  try {
    await bookToken(sql, { name, tokenHash, scopes, apps, expiresAt });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError && error.code === UNIQUE_VIOLATION)) throw error;
    throw new UserError(
      `The name "${name}" is taken; choose another. A revoked token keeps its name, \`npm run token -- list\` shows all`,
    );
  }
  if (json) return console.log(JSON.stringify({ name, scopes, apps, expiresAt: at(expiresAt), token }));
  const until = expiresAt === null ? "" : `, until ${at(expiresAt)}`;
  console.error(
    `Token "${name}" may ${scopes.join(", ")} for ${apps?.join(", ") ?? "all apps"}${until}. It is shown this once; keep it safe:`,
  );
  console.log(token);
}

async function rotate(sql: Sql, command: Extract<Command, { verb: "rotate" }>, json: boolean): Promise<void> {
  const { name, graceSeconds } = command;
  const { token, tokenHash } = newWord();
  const what = await rotateToken(sql, { name, tokenHash, graceSeconds });
  if (what === "unknown") throw noSuchToken(name);
  if (what === "revokedBefore")
    throw new UserError(`Token "${name}" is revoked and cannot be rotated; make one under another name`);
  const oldUntil = at(what.oldUntil);
  if (json) return console.log(JSON.stringify({ name, oldUntil, token }));
  console.error(
    `Token "${name}" has a new word; the old one is good until ${oldUntil}. It is shown this once; keep it safe:`,
  );
  console.log(token);
}

function newWord(): { token: string; tokenHash: string } {
  const token = `fa_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  return { token, tokenHash: createHash("sha256").update(token).digest("hex") };
}

function noSuchToken(name: string): UserError {
  return new UserError(`There is no token "${name}"; \`npm run token -- list\` shows all`);
}

async function list(sql: Sql, json: boolean): Promise<void> {
  const tokens = await listTokens(sql);
  const rows = tokens.map(({ createdAt, lastUsedAt, rotatedAt, expiresAt, revokedAt, ...token }) => ({
    ...token,
    ...{ createdAt: at(createdAt), lastUsedAt: at(lastUsedAt), rotatedAt: at(rotatedAt) },
    ...{ expiresAt: at(expiresAt), revokedAt: at(revokedAt) },
  }));
  if (json) return console.log(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return console.log("There are no tokens; `npm run token -- create` makes one.");
  const columns = ["name", "scopes", "apps", "created", "last used", "expires", "revoked"];
  console.log(
    textTable(
      columns,
      rows.map(({ name, scopes, apps, createdAt, lastUsedAt, expiresAt, revokedAt }) => [
        ...[name, scopes.join(", "), apps?.join(", ") ?? "all"],
        ...[createdAt, lastUsedAt ?? "never", expiresAt ?? "never", revokedAt ?? "no"],
      ]),
    ),
  );
}

async function revoke(sql: Sql, name: string, json: boolean): Promise<void> {
  const what = await revokeToken(sql, name);
  if (what === "unknown") throw noSuchToken(name);
  if (json) return console.log(JSON.stringify({ name, was: what === "revoked" ? "valid" : "revoked" }));
  console.log(
    what === "revoked"
      ? `Token "${name}" is revoked: the next call with it is refused.`
      : `Token "${name}" was revoked before.`,
  );
}

function at<T extends Instant | null>(instant: T): string | T {
  return instant === null ? instant : formatInstant(floorTo(instant, SECOND_MS));
}

runScript(main);
