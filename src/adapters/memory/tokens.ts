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

export type MemoryTokens = Tokens & {
  add(token: NewToken): void;
  rotate(oldHash: string, newHash: string, oldUntil: Instant): void;
};

/** Tokens over the shared database; `add` and `rotate` do what the administrator's script does. */
export function createMemoryTokens({ tokens }: MemoryDatabase): MemoryTokens {
  return {
    find: async (tokenHash, now) => {
      const row = tokens.get(tokenHash);
      if (row === undefined || !isGood(row, now)) return null;
      return { tokenId: row.tokenId, scopes: row.scopes, apps: row.apps };
    },
    add: (token) => {
      tokens.set(token.hash, { ...token, tokenId: `${tokens.size + 1}`, replacedUntil: null });
    },
    rotate: (oldHash, newHash, oldUntil) => {
      const row = tokens.get(oldHash);
      if (row === undefined) return;
      tokens.set(newHash, { ...row, hash: newHash });
      tokens.set(oldHash, { ...row, replacedUntil: oldUntil });
    },
  };
}

function isGood({ expiresAt, revokedAt, replacedUntil }: TokenRow, now: Instant): boolean {
  const isAfter = (end: Instant | null) => end === null || end > now;
  return revokedAt === null && isAfter(expiresAt) && isAfter(replacedUntil);
}
