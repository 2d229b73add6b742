import { describe, expect, test } from "vitest";
import { createMemoryDatabase } from "../../src/adapters/memory/database.ts";
import { createMemoryTokens } from "../../src/adapters/memory/tokens.ts";
import { authenticate, mayUse, sha256Hex } from "../../src/api/authenticate.ts";
import type { Problem } from "../../src/api/problem.ts";
import { NOW } from "../core/examples.ts";

const TOKEN = "fa_0123456789abcdefghij";

async function tokens(more: Record<string, unknown> = {}) {
  const port = createMemoryTokens(createMemoryDatabase(() => NOW));
  port.add({
    hash: await sha256Hex(TOKEN),
    scopes: ["tick"],
    apps: ["shop"],
    expiresAt: null,
    revokedAt: null,
    ...more,
  });
  return port;
}
const call = async (authorization: string | null, more = {}) => {
  const headers = authorization === null ? {} : { authorization };
  return authenticate(new Request("http://x/", { headers }), "tick", await tokens(more), NOW);
};
const refused = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable(),
    ({ status, headers, message }: Problem) => ({ status, scheme: headers["www-authenticate"], message }),
  );

test("a known token with the scope is its caller", async () => {
  expect(await call(`Bearer ${TOKEN}`)).toEqual({ tokenId: "1", scopes: ["tick"], apps: ["shop"] });
  expect(await call(`bearer   ${TOKEN}`)).toMatchObject({ tokenId: "1" });
});

describe("401", () => {
  test.each([
    null,
    "",
    "Bearer",
    "Bearer ",
    TOKEN,
    `Basic ${TOKEN}`,
    "Bearer short",
    `Bearer ${TOKEN} more`,
    `Bearer ${"x".repeat(513)}`,
  ])("without a token that could be one: %s", async (authorization) => {
    expect(await refused(call(authorization))).toMatchObject({
      status: 401,
      scheme: "Bearer",
      message: expect.stringMatching(/^Send a flyahead token/),
    });
  });

  test("unknown, expired and revoked are answered alike, and the token is not told back", async () => {
    const answers = await Promise.all([
      refused(call(`Bearer ${TOKEN}x`)),
      refused(call(`Bearer ${TOKEN}`, { expiresAt: NOW })),
      refused(call(`Bearer ${TOKEN}`, { revokedAt: NOW - 1 })),
    ]);
    expect(answers[0]).toMatchObject({ status: 401, scheme: "Bearer" });
    expect(answers[0]!.message).not.toContain(TOKEN);
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
  });

  test("the hash itself is no token", async () => {
    expect(await refused(call(`Bearer ${await sha256Hex(TOKEN)}`))).toMatchObject({ status: 401 });
  });
});

test("403 where the scope is missing, by name", async () => {
  expect(await refused(call(`Bearer ${TOKEN}`, { scopes: ["read", "ingest"] }))).toMatchObject({
    status: 403,
    message: expect.stringMatching(/lacks the scope tick/),
  });
});

test("a caller without a list may speak for every app, one with an empty list for none", () => {
  const caller = { tokenId: "1", scopes: [] };
  expect([null, ["shop"], ["blog"], []].map((apps) => mayUse({ ...caller, apps }, "shop"))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
