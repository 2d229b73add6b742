/**
 * What every form of Tokens promises: a caller by the hash of its token, unless the token has expired or was revoked.
 */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, type Instant, SECOND_MS } from "../../src/core/time.ts";
import type { Tokens } from "../../src/ports.ts";

export type TokenExample = {
  /** SHA-256 of the token, 64 hex digits. */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly apps: readonly string[] | null;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
};

export type TokensHarness = {
  readonly tokens: Tokens;
  addToken(token: TokenExample): Promise<void>;
  /** Another word for the token of `oldHash`, which stays good until `oldUntil`. */
  rotateToken(oldHash: string, newHash: string, oldUntil: Instant): Promise<void>;
};

const NOW = Date.UTC(2026, 5, 17, 12, 0);

let words = 0;

export function describeTokens(name: string, make: () => Promise<TokensHarness>): void {
  describe(`tokens: ${name}`, () => {
    let harness: TokensHarness;

    beforeEach(async () => {
      harness = await make();
    });

    /** Adds a token and answers its hash. */
    async function add(changes: Partial<TokenExample> = {}): Promise<string> {
      words += 1;
      const hash = createHash("sha256").update(`tokens-example-${words}`).digest("hex");
      const token = { hash, scopes: ["read"], apps: null, expiresAt: null, revokedAt: null, ...changes };
      await harness.addToken(token);
      return hash;
    }

    it("finds a caller with scopes and apps by the token's hash", async () => {
      const hash = await add({ scopes: ["ingest", "read"], apps: ["shop", "blog"] });
      const caller = await harness.tokens.find(hash, NOW);
      expect(caller).toEqual({
        tokenId: expect.stringMatching(/./),
        scopes: expect.arrayContaining(["ingest", "read"]),
        apps: ["shop", "blog"],
      });
      expect(caller?.scopes).toHaveLength(2);
    });

    it("tells a token for all apps by null", async () => {
      expect(await harness.tokens.find(await add({ scopes: ["tick"] }), NOW)).toMatchObject({
        scopes: ["tick"],
        apps: null,
      });
    });

    it("tells tokens apart", async () => {
      const first = await harness.tokens.find(await add(), NOW);
      const second = await harness.tokens.find(await add(), NOW);
      expect(first?.tokenId).not.toBe(second?.tokenId);
    });

    it("does not find a hash that was never added, nor the token itself", async () => {
      const hash = await add();
      const never = createHash("sha256").update("never added").digest("hex");
      expect(await harness.tokens.find(never, NOW)).toBeNull();
      expect(await harness.tokens.find(`tokens-example-${words}`, NOW)).toBeNull();
      expect(await harness.tokens.find("", NOW)).toBeNull();
      expect(await harness.tokens.find(hash.slice(0, 63), NOW)).toBeNull();
    });

    it("finds a token until it expires", async () => {
      const hash = await add({ expiresAt: NOW });
      expect(await harness.tokens.find(hash, NOW - SECOND_MS)).not.toBeNull();
      expect(await harness.tokens.find(hash, NOW)).toBeNull();
      expect(await harness.tokens.find(hash, NOW + SECOND_MS)).toBeNull();
    });

    it("finds a rotated token by its new word, and by the old one until that ends, as the same caller", async () => {
      const old = await add({ scopes: ["tick"], apps: ["shop"] });
      const caller = await harness.tokens.find(old, NOW);
      const fresh = createHash("sha256").update(`tokens-example-${words}-rotated`).digest("hex");
      await harness.rotateToken(old, fresh, NOW);
      expect(await harness.tokens.find(fresh, NOW)).toEqual(caller);
      expect(await harness.tokens.find(fresh, NOW + DAY_MS)).toEqual(caller);
      expect(await harness.tokens.find(old, NOW - SECOND_MS)).toEqual(caller);
      expect(await harness.tokens.find(old, NOW)).toBeNull();
    });

    it("does not find a hash that only begins like one", async () => {
      const hash = await add();
      for (const same of [16, 32, 63]) {
        const other = [...hash].map((digit, i) => (i < same ? digit : digit === "0" ? "1" : "0")).join("");
        expect(await harness.tokens.find(other, NOW)).toBeNull();
      }
    });

    it("does not find a revoked token, expired or not", async () => {
      const hash = await add({ expiresAt: NOW + DAY_MS, revokedAt: NOW - SECOND_MS });
      expect(await harness.tokens.find(hash, NOW)).toBeNull();
    });
  });
}
