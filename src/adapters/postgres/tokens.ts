/** Callers by the SHA-256 of their token, and how one gets into the books. */
import type { Instant } from "../../core/time.ts";
import type { Caller, Tokens } from "../../ports.ts";
import { type Sql, textArray } from "./connect.ts";

type TokenRow = { id: number; scopes: string[]; apps: string[] | null };

export function createPostgresTokens(sql: Sql): Tokens {
  return {
    async find(tokenHash, now): Promise<Caller | null> {
      const [row] = await sql<TokenRow[]>`
        select id, to_jsonb(scopes) as scopes, to_jsonb(apps) as apps from flyahead.api_tokens
        where token_hash = ${tokenHash} and revoked_at is null
          and (expires_at is null or expires_at > flyahead.instant(${now}))`;
      return row === undefined ? null : { tokenId: String(row.id), scopes: row.scopes, apps: row.apps };
    },
  };
}

export type NewToken = {
  readonly name: string;
  readonly tokenHash: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
};

/** Books a new token. Needs the owner's rights, not the functions'. Throws where the name is taken. */
export async function bookToken(sql: Sql, { name, tokenHash, scopes, apps }: NewToken): Promise<void> {
  await sql`
    insert into flyahead.api_tokens (name, token_hash, scopes, apps)
    values (${name}, ${tokenHash}, ${textArray(scopes)}::text::text[], ${apps === null ? null : textArray(apps)}::text::text[])`;
}

export type BookedToken = {
  readonly name: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
};

/** All tokens ever booked, the oldest first; never their hashes. */
export async function listTokens(sql: Sql): Promise<BookedToken[]> {
  const rows = await sql<{ doc: BookedToken }[]>`
    select jsonb_build_object('name', name, 'scopes', scopes, 'apps', apps, 'createdAt', flyahead.epoch_ms(created_at),
      'expiresAt', flyahead.epoch_ms(expires_at), 'revokedAt', flyahead.epoch_ms(revoked_at)) as doc
    from flyahead.api_tokens order by id`;
  return rows.map(({ doc }) => doc);
}

/** From the next request on the token is refused. A revoked token keeps its row, and its name. */
export async function revokeToken(sql: Sql, name: string): Promise<"revoked" | "revokedBefore" | "unknown"> {
  const [row] = await sql<{ was_open: boolean }[]>`
    with before as (select id, revoked_at is null as was_open from flyahead.api_tokens where name = ${name}),
    revoked as (
      update flyahead.api_tokens t set revoked_at = clock_timestamp() from before where t.id = before.id and before.was_open)
    select was_open from before`;
  if (row === undefined) return "unknown";
  return row.was_open ? "revoked" : "revokedBefore";
}
