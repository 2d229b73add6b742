/**
 * Callers by the SHA-256 of their token, and how a token gets into the books, is exchanged and is revoked.
 *
 * The look-up takes the hash's beginning only, and the whole is compared here in constant time: neither the index nor a
 * statement log ever sees it. A rotated token is also found by its word before the last, for as long as that is good.
 */
import postgres from "postgres";
import { sameText } from "../../core/same-text.ts";
import type { Instant } from "../../core/time.ts";
import type { Caller, Tokens } from "../../ports.ts";
import { type Sql, textArray } from "./connect.ts";

/** As the indexes have it; 64 bits, so that hardly ever two tokens share one. */
const BEGINNING = 16;

type TokenRow = { id: number; scopes: string[]; apps: string[] | null; hashes: string[]; unnoted: boolean };

export function createPostgresTokens(sql: Sql): Tokens {
  return {
    async find(tokenHash, now): Promise<Caller | null> {
      const beginning = tokenHash.slice(0, BEGINNING);
      const rows = await sql<TokenRow[]>`
        select id, to_jsonb(scopes) as scopes, to_jsonb(apps) as apps,
          to_jsonb(array_remove(array[token_hash, case when previous_until > flyahead.instant(${now}) then previous_hash end], null)) as hashes,
          coalesce(last_used_at < clock_timestamp() - interval '5 minutes', true) as unnoted
        from flyahead.api_tokens
        where (left(token_hash, 16) = ${beginning} or left(previous_hash, 16) = ${beginning}) and revoked_at is null
          and (expires_at is null or expires_at > flyahead.instant(${now}))`;
      const row = rows.find(({ hashes }) => hashes.some((hash) => sameText(hash, tokenHash)));
      if (row === undefined) return null;
      if (row.unnoted) await sql`select flyahead.touch_token(${row.id})`;
      return { tokenId: String(row.id), scopes: row.scopes, apps: row.apps };
    },
  };
}

export type NewToken = {
  readonly name: string;
  readonly tokenHash: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
  /** null, or left out: never. */
  readonly expiresAt?: Instant | null;
};

/** Books a new token. Needs the owner's rights, not the functions'. Throws where the name is taken. */
export async function bookToken(sql: Sql, token: NewToken): Promise<void> {
  const { name, tokenHash, scopes, apps, expiresAt = null } = token;
  await sql`
    insert into flyahead.api_tokens (name, token_hash, scopes, apps, expires_at)
    values (${name}, ${tokenHash}, ${textArray(scopes)}::text::text[], ${apps === null ? null : textArray(apps)}::text::text[],
      flyahead.instant(${expiresAt}::float8))`;
}

export type BookedToken = {
  readonly name: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly rotatedAt: Instant | null;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
};

/** All tokens ever booked, the oldest first; never their hashes. */
export async function listTokens(sql: Sql): Promise<BookedToken[]> {
  const rows = await sql<{ doc: BookedToken }[]>`
    select jsonb_build_object('name', name, 'scopes', scopes, 'apps', apps, 'createdAt', flyahead.epoch_ms(created_at),
      'lastUsedAt', flyahead.epoch_ms(last_used_at), 'rotatedAt', flyahead.epoch_ms(rotated_at),
      'expiresAt', flyahead.epoch_ms(expires_at), 'revokedAt', flyahead.epoch_ms(revoked_at)) as doc
    from flyahead.api_tokens order by id`;
  return rows.map(({ doc }) => doc);
}

const NO_SUCH_TOKEN = "P0002";
const REVOKED = "55000";

/** Another word in the token's place; the old one is good for `graceSeconds` longer: answers until when. */
export async function rotateToken(
  sql: Sql,
  { name, tokenHash, graceSeconds }: { name: string; tokenHash: string; graceSeconds: number },
): Promise<{ readonly oldUntil: Instant } | "revokedBefore" | "unknown"> {
  try {
    const [row] = await sql<{ until: Instant }[]>`
      select flyahead.epoch_ms(flyahead.replace_token_hash(${name}, ${tokenHash}, make_interval(secs => ${graceSeconds}))) as until`;
    return { oldUntil: row!.until };
  } catch (error) {
    const code = error instanceof postgres.PostgresError ? error.code : undefined;
    if (code === NO_SUCH_TOKEN) return "unknown";
    if (code === REVOKED) return "revokedBefore";
    throw error;
  }
}

/** From the next request on the token is refused. A revoked token keeps its row, and its name. */
export async function revokeToken(sql: Sql, name: string): Promise<"revoked" | "revokedBefore" | "unknown"> {
  const [row] = await sql<{ revoked: boolean; known: boolean }[]>`
    select flyahead.revoke_token(${name}) as revoked, exists (select from flyahead.api_tokens t where t.name = ${name}) as known`;
  if (row?.known !== true) return "unknown";
  return row.revoked ? "revoked" : "revokedBefore";
}
