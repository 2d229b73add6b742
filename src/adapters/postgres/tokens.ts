/** Callers by the SHA-256 of their token, and how one gets into the books. */
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
