import { describe, expect, test } from "vitest";
import { createRedactor } from "../../src/adapters/redact.ts";

const redact = createRedactor(["AX4-redis-word", "pass%40word", "short"]);

describe("what is hidden", () => {
  test.each([
    ["Bearer fa_0123456789abcdef was refused", "Bearer [hidden] was refused"],
    ["authorization: FlyV1 fm2_lJPECAAA,fm2_next== sent", "authorization: FlyV1 [hidden] sent"],
    ["token fm2_lJPECAAAAAAA= is void", "token [hidden] is void"],
    ["fa_Q29tcGxldGVseS1yYW5kb20 and sbp_0123456789abcdef", "[hidden] and [hidden]"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2lnbmF0dXJl end", "jwt [hidden] end"],
    [
      "postgres://owner:se-cr:et@db.example:5432/x failed",
      "postgres://owner:[hidden]@db.example:5432/x failed",
    ],
    ["https://user:word@host/", "https://user:[hidden]@host/"],
    ["the known AX4-redis-word here", "the known [hidden] here"],
    ["and pass%40word there", "and [hidden] there"],
  ])("%s", (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test("members whose name says so, at any depth; the object itself is not changed", () => {
    const given = {
      headers: { authorization: "x", Accept: "y", cookie: "z" },
      list: [
        {
          password: "p",
          token: "t",
          access_token: "a",
          flyToken: "f",
          apikey: "k",
          nonce: "n",
          secret: null,
        },
      ],
    };
    expect(redact(given)).toEqual({
      headers: { authorization: "[hidden]", Accept: "y", cookie: "[hidden]" },
      list: [
        {
          ...{ password: "[hidden]", token: "[hidden]", access_token: "[hidden]", flyToken: "[hidden]" },
          ...{ apikey: "[hidden]", nonce: "[hidden]", secret: null },
        },
      ],
    });
    expect(given.headers.authorization).toBe("x");
  });
});

describe("what is kept", () => {
  test.each([
    "machine 148e12345678ab of shop/web@fra",
    "the token is unknown; make one with npm run token",
    "POST /traffic 413 at 2026-03-02T09:00:00Z",
    "0190163d-6a8f-4f9e-9d7b-0123456789ab",
    "http://127.0.0.1:4000/x",
    "short",
  ])("%s", (text) => {
    expect(redact(text)).toBe(text);
  });

  test("numbers, null, ids of tokens; what is too deep is cut, so that a ring ends", () => {
    expect(redact({ a: 1, tokenId: "7", tokens: 2, b: null, c: true })).toEqual({
      ...{ a: 1, tokenId: "7", tokens: 2, b: null, c: true },
    });
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    expect(JSON.stringify(redact(ring))).toMatch(/"\[deeper\]"/);
  });
});

// Without its bounds the net takes seconds for each of these: somebody else's words would stop a tick.
test.each([
  ["what might begin a URL again and again", "a.".repeat(500_000)],
  ["a scheme without an end", `${"a+".repeat(500_000)}://`],
  ["URLs in URLs", "a://b:".repeat(200_000)],
  ["what might begin a token", "eyJ".repeat(300_000)],
])("a long message of others is no burden: %s", (_, text) => {
  expect(JSON.stringify(redact({ error: text })).length).toBeLessThanOrEqual(21_000);
});
