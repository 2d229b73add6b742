import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createPostgresIdempotencyKeys } from "../../../src/adapters/postgres/idempotency.ts";
import { describeIdempotencyKeys } from "../../contracts/idempotency.ts";
import { usePostgres } from "./harness.ts";

const make = usePostgres();

async function twoTokens() {
  const harness = await make();
  const newToken = async () => {
    const hash = randomBytes(32).toString("hex");
    await harness.addToken({ hash, scopes: ["ingest"], apps: null, expiresAt: null, revokedAt: null });
    return (await harness.tokens.find(hash, 0))!.tokenId;
  };
  return { ...harness, tokenIds: [await newToken(), await newToken()] as const };
}

describeIdempotencyKeys("Postgres", async () => {
  const { service, tokenIds, elapse } = await twoTokens();
  return { keys: createPostgresIdempotencyKeys(service), tokenIds, elapse };
});

test("a token's answers are bounded: a thousand, and what has run out goes with its next claims", async () => {
  const { owner, service, tokenIds } = await twoTokens();
  const keys = createPostgresIdempotencyKeys(service);
  const [tokenId, other] = tokenIds;
  for (const [id, expires] of [
    [tokenId, "1 hour"],
    [other, "-1 minute"],
  ] as const)
    await owner`
      insert into flyahead.idempotency_keys (token_id, endpoint, key, fingerprint, holder, answer, expires_at)
      select ${id}::integer, 'POST traffic', 'k' || i, repeat('ab', 32), 'h', '{}', clock_timestamp() + ${expires}::interval + i * interval '1 ms'
      from generate_series(1, 1050) i`;
  const count = async (id: string) =>
    Number(
      (await owner`select count(*) as n from flyahead.idempotency_keys where token_id = ${id}::integer`)[0]!
        .n,
    );
  const use = async (id: string) => {
    const request = {
      ...{ tokenId: id, endpoint: "POST traffic", key: randomUUID() },
      ...{ fingerprint: "cd".repeat(32), holder: "me" },
    };
    await keys.claim(request, 1_000);
    await keys.keep(request, "{}", 7_200_000);
  };
  await use(tokenId);
  expect(await count(tokenId)).toBe(1_000);
  expect(await count(other)).toBe(1_050);
  for (let i = 0; i < 11; i++) await use(other);
  expect(await count(other)).toBe(11);
});

test("an answer past the limit is refused by the table, a token that goes takes its keys along", async () => {
  const { owner, service, tokenIds } = await twoTokens();
  const request = {
    ...{ tokenId: tokenIds[0], endpoint: "POST traffic", key: "long" },
    ...{ fingerprint: "cd".repeat(32), holder: "me" },
  };
  const keys = createPostgresIdempotencyKeys(service);
  await keys.claim(request, 1_000);
  await expect(keys.keep(request, "x".repeat(65_537), 1_000)).rejects.toThrow(/check constraint/);
  await owner`delete from flyahead.api_tokens where id = ${tokenIds[0]}::integer`;
  const left = await owner`select from flyahead.idempotency_keys where token_id = ${tokenIds[0]}::integer`;
  expect(left).toHaveLength(0);
});
