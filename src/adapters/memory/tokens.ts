/**
 * Callers by the SHA-256 of their token, as 64 hex digits. The token itself is never kept: who reads the table can call
 * nobody. One that has expired or was revoked is as good as unknown, so that the answer betrays nothing.
 */
import type { Instant } from "../../core/time.ts";
import type { Tokens } from "../../ports.ts";
import type { MemoryDatabase, TokenRow } from "./database.ts";

export type NewToken = {
  readonly hash: string;
  readonly scopes: readonly string[];
  /** null: all apps. */
  readonly apps: readonly string[] | null;
  /** null: never. */
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
};

/** Tokens over the shared database; `add` does what the administrator's script does. */
export function createMemoryTokens({ tokens }: MemoryDatabase): Tokens & { add(token: NewToken): void } {
  return {
    find: async (tokenHash, now) => {
      const row = tokens.get(tokenHash);
      if (row === undefined || !isGood(row, now)) return null;
      return { tokenId: row.tokenId, scopes: row.scopes, apps: row.apps };
    },
    add: (token) => {
      tokens.set(token.hash, { ...token, tokenId: `${tokens.size + 1}` });
    },
  };
}

function isGood({ expiresAt, revokedAt }: TokenRow, now: Instant): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}
