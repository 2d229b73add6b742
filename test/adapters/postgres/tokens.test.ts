import { describe, expect, test } from "vitest";
import { describeTokens } from "../../contracts/tokens.ts";
import { usePostgres } from "./harness.ts";

describeTokens("Postgres", usePostgres());

describe("a token's last use", () => {
  const make = usePostgres();

  test("is noted at the first use, and again only after five minutes", async () => {
    const { owner, tokens, addToken } = await make();
    const hash = "ab".repeat(32);
    await addToken({ hash, scopes: ["read"], apps: null, expiresAt: null, revokedAt: null });
    const lastUsed = async () => (await owner`select last_used_at from flyahead.api_tokens`)[0]!.last_used_at;
    expect(await lastUsed()).toBeNull();
    await tokens.find(`${hash.slice(0, 62)}cd`, 0);
    expect(await lastUsed(), "another token's use is not this one's").toBeNull();
    await tokens.find(hash, 0);
    const first = await lastUsed();
    expect(first).toBeInstanceOf(Date);
    await tokens.find(hash, 0);
    expect(await lastUsed()).toEqual(first);
    await owner`update flyahead.api_tokens set last_used_at = clock_timestamp() - interval '6 minutes'`;
    await tokens.find(hash, 0);
    expect((await lastUsed()).getTime()).toBeGreaterThanOrEqual(first.getTime());
  });

  test("is all that the functions' role may change of a token", async () => {
    const { owner } = await make();
    const can = async (signature: string) =>
      (await owner`select has_function_privilege('flyahead_service', ${signature}, 'execute') as yes`)[0]!
        .yes;
    expect(await can("flyahead.touch_token(integer)")).toBe(true);
    expect(await can("flyahead.create_token(text,text[],text[],timestamptz)")).toBe(false);
    expect(await can("flyahead.rotate_token(text,interval)")).toBe(false);
    expect(await can("flyahead.revoke_token(text)")).toBe(false);
  });
});
