import { describe, expect, test } from "vitest";
import { parseAs, parseJson } from "../../src/api/body.ts";
import { Problem } from "../../src/api/problem.ts";
import { readTickRequest, type TickRules, tickBody } from "../../src/api/tick-request.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { CADENCE_MS, NOW } from "../core/examples.ts";

const RULES: TickRules = { cadenceMs: CADENCE_MS, mode: "act", apps: ["shop", "blog"], simulated: false };
const ANYONE = { tokenId: "1", scopes: ["tick"], apps: null };

const read = async (
  body: unknown,
  rules: Partial<TickRules> = {},
  caller: { apps: readonly string[] | null } = ANYONE,
  now = NOW,
) => {
  const given = typeof body === "string" ? parseJson(body || "{}") : body;
  return readTickRequest(
    parseAs(tickBody, given, "The body"),
    { ...RULES, ...rules },
    { ...ANYONE, ...caller },
    now,
  );
};
const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => (error instanceof Problem ? [error.status, error.message] : [error]),
  );

describe("the slot", () => {
  test("is the grid time at or before now: a retry is the same tick", async () => {
    for (const laterMs of [0, 1, CADENCE_MS - 1])
      expect((await read({}, {}, ANYONE, NOW + laterMs)).slot).toBe(NOW);
    expect((await read({}, { cadenceMs: MINUTE_MS }, ANYONE, NOW + 61_000)).slot).toBe(NOW + MINUTE_MS);
  });

  test("may be named where it is the one that is now, in any zone, and is floored too", async () => {
    for (const slot of ["2026-06-17T12:00:00Z", "2026-06-17T14:03:00+02:00", "2026-06-17T12:14:59.999Z"])
      expect((await read({ slot })).slot).toBe(NOW);
  });

  test.each(["2026-06-17T11:45:00Z", "2026-06-17T12:15:00Z"])(
    "%s is refused outside a simulation",
    async (slot) => {
      expect(await refusal(read({ slot }))).toEqual([
        400,
        expect.stringMatching(`slot is ${slot}, but now is 2026-06-17T12:00:00Z; leave slot out`),
      ]);
      expect((await read({ slot }, { simulated: true })).slot).toBe(Date.parse(slot));
    },
  );
});

describe("the mode", () => {
  test.each([
    ["act", undefined, "act"],
    ["act", "advise", "advise"],
    ["act", "observe", "observe"],
    ["advise", "act", "advise"],
    ["observe", "act", "observe"],
    ["observe", "advise", "observe"],
  ] as const)("configured %s, asked %s: %s", async (mode, asked, expected) => {
    expect((await read(asked === undefined ? {} : { mode: asked }, { mode })).mode).toBe(expected);
  });
});

describe("the apps", () => {
  test("are all configured ones, or those asked for, once each", async () => {
    expect((await read("")).apps).toEqual(["shop", "blog"]);
    expect((await read({ apps: ["blog", "blog"] })).apps).toEqual(["blog"]);
  });

  test("that the token is not for are left out, and refused where asked for by name", async () => {
    const caller = { apps: ["blog", "wiki"] };
    expect((await read({}, {}, caller)).apps).toEqual(["blog"]);
    expect(await refusal(read({ apps: ["shop", "blog"] }, {}, caller))).toEqual([
      403,
      expect.stringMatching(/not for shop;/),
    ]);
  });

  test("of others are answered alike, configured or not: a token learns nothing of them", async () => {
    const caller = { apps: ["blog"] };
    const [there, nowhere] = await Promise.all(
      ["shop", "nobody"].map((app) => refusal(read({ apps: [app] }, {}, caller))),
    );
    expect(there![0]).toBe(403);
    expect(JSON.stringify(there).replace("shop", "?")).toBe(JSON.stringify(nowhere).replace("nobody", "?"));
  });

  test("that are not configured are refused, all by name", async () => {
    expect(await refusal(read({ apps: ["wiki"] }, {}, { apps: ["wiki"] }))).toEqual([
      400,
      expect.stringMatching(/^Not configured: wiki;/),
    ]);
    expect(await refusal(read({ apps: ["wiki", "shop", "x"] }))).toEqual([
      400,
      expect.stringMatching(/^Not configured: wiki, x; add them/),
    ]);
  });
});

test.each([
  "[]",
  "5",
  "null",
  '{"apps":[]}',
  '{"mode":"Act"}',
  '{"slot":""}',
  '{"force":true}',
  '{"__proto__":{"mode":"act"}}',
])("%s is refused", async (body) => {
  expect((await refusal(read(body)))[0]).toBe(400);
});
