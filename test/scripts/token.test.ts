import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, installed } from "./installed.ts";

let world: Installed;
beforeAll(async () => {
  world = await installed();
});
afterAll(() => world?.close());

const askSeries = (token: string, app = "shop") =>
  world.installation.call(`traffic?app=${app}&region=iad&processGroup=web`, {
    headers: { authorization: `Bearer ${token}` },
  });
const token = (...args: string[]) => world.run("token.ts", args);

test("a created token is alone on stdout, works at once, and is stored as its SHA-256 only", async () => {
  const made = await token("create", "--name", "reader", "--scopes", "read,ingest");
  expect(made.status).toBe(0);
  expect(made.stdout).toMatch(/^fa_[\w-]{43}\n$/);
  expect(made.stderr).toMatch(/"reader" may read, ingest for all apps/);
  const word = made.stdout.trim();
  expect((await askSeries(word)).status).toBe(200);
  const tick = await world.installation.call("auto-scaling", {
    method: "POST",
    headers: { authorization: `Bearer ${word}` },
  });
  expect(tick.status).toBe(403);
  const [row] = await world.installation.sql`select * from flyahead.api_tokens where name = 'reader'`;
  expect(row!.token_hash).toBe(createHash("sha256").update(word).digest("hex"));
  expect(JSON.stringify(row)).not.toContain(word);
});

test("--apps narrows the token, --json answers it as data, and no two are alike", async () => {
  const make = async (name: string) =>
    JSON.parse(
      (await token("create", "--name", name, "--scopes", "read", "--apps", "other", "--json")).stdout,
    );
  const one = await make("narrow");
  expect(one).toEqual({
    name: "narrow",
    scopes: ["read"],
    apps: ["other"],
    expiresAt: null,
    token: expect.stringMatching(/^fa_/),
  });
  expect((await askSeries(one.token)).status).toBe(403);
  expect((await make("narrow-2")).token).not.toBe(one.token);
});

test("a revoked token is refused, keeps its row and its name, and can be revoked only once", async () => {
  const { stdout } = await token("create", "--name", "leaver", "--scopes", "read");
  expect((await askSeries(stdout.trim())).status).toBe(200);
  expect((await token("revoke", "--name", "leaver")).stdout).toMatch(/"leaver" is revoked/);
  expect((await askSeries(stdout.trim())).status).toBe(401);
  expect((await token("revoke", "--name", "leaver")).stdout).toMatch(/revoked before/);
  const again = await token("create", "--name", "leaver", "--scopes", "read");
  expect(again).toMatchObject({ status: 1, stdout: "" });
  expect(again.stderr).toMatch(/^The name "leaver" is taken; choose another/);

  const list = JSON.parse((await token("list", "--json")).stdout) as Record<string, unknown>[];
  const now = expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:]+Z$/);
  expect(list[0]).toMatchObject({ name: "local", scopes: ["tick", "ingest", "read"], apps: null });
  expect(list).toContainEqual({
    ...{ name: "leaver", scopes: ["read"], apps: null },
    ...{ createdAt: now, lastUsedAt: now, rotatedAt: null, expiresAt: null, revokedAt: now },
  });
  expect((await token("list")).stdout).toMatch(/^leaver +read +all +20\S+Z +20\S+Z +never +20\S+Z$/m);
});

test("a rotated token has a new word; the old one is good for the grace, and both end with the token", async () => {
  const old = (await token("create", "--name", "turning", "--scopes", "read")).stdout.trim();
  const rotated = await token("rotate", "--name", "turning");
  const word = rotated.stdout.trim();
  expect(rotated.stderr).toMatch(/"turning" has a new word; the old one is good until 20/);
  expect(word).toMatch(/^fa_[\w-]{43}$/);
  expect([(await askSeries(old)).status, (await askSeries(word)).status]).toEqual([200, 200]);
  const again = JSON.parse(
    (await token("rotate", "--name", "turning", "--grace-hours", "0", "--json")).stdout,
  );
  expect([old, word, again.token].length).toBe(new Set([old, word, again.token]).size);
  const answers = await Promise.all([old, word, again.token].map((one) => askSeries(one)));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 200]);
  await token("rotate", "--name", "turning");
  await token("revoke", "--name", "turning");
  expect((await askSeries(again.token)).status).toBe(401);
  expect((await token("rotate", "--name", "turning")).stderr).toMatch(/"turning" is revoked and cannot/);
});

test("a token with days expires, and says when", async () => {
  const made = await token("create", "--name", "brief", "--scopes", "read", "--days", "30");
  expect(made.stderr).toMatch(/for all apps, until 20\S+Z\./);
  const [row] = await world.installation.sql<{ days: number }[]>`
    select round(extract(epoch from expires_at - created_at) / 86400)::integer as days from flyahead.api_tokens where name = 'brief'`;
  expect(row!.days).toBe(30);
});

test("in SQL alone: create_token answers a word that works, rotate_token another, revoke_token ends both", async () => {
  const { sql } = world.installation;
  const [made] = await sql<
    { word: string }[]
  >`select flyahead.create_token('by-sql', '{read}', '{shop}') as word`;
  expect(made!.word).toMatch(/^fa_[0-9a-f]{64}$/);
  expect((await askSeries(made!.word)).status).toBe(200);
  const [turned] = await sql<{ word: string }[]>`select flyahead.rotate_token('by-sql') as word`;
  expect((await askSeries(turned!.word)).status).toBe(200);
  expect((await askSeries(made!.word)).status).toBe(200);
  await sql`select flyahead.revoke_token('by-sql')`;
  expect((await askSeries(turned!.word)).status).toBe(401);
  expect((await askSeries(made!.word)).status).toBe(401);
  await expect(sql`select flyahead.rotate_token('by-sql')`).rejects.toThrow(/it is revoked/);
  await expect(sql`select flyahead.rotate_token('nobody')`).rejects.toThrow(/none of that name/);
});

test("what is wrong is said in a sentence, without a stack trace and without a row", async () => {
  const faults: [string[], RegExp][] = [
    [
      ["create", "--name", "x", "--scopes", "tick,admin"],
      /^There is no scope admin; choose from tick, ingest, read, work/,
    ],
    [["create", "--scopes", "tick"], /^Which token\? create needs --name NAME/],
    [["create", "--name", "x"], /^What may the token do\? Give --scopes/],
    [["revoke", "--name", "nobody"], /^There is no token "nobody"/],
    [["destroy"], /^There is no "destroy"; it is create, list, rotate, revoke/],
    [["rotate", "--name", "nobody"], /^There is no token "nobody"/],
    [["create", "--name", "x", "--scopes", "tick", "--days", "0"], /--days/],
    [["list", "--nonsense"], /^Unknown option '--nonsense'/],
    [
      ["list", "--database-url", "postgres://u:secret@127.0.0.1:1/none"],
      /^Cannot reach the tokens at 127\.0\.0\.1:1\/none.*ECONNREFUSED/,
    ],
  ];
  const before = (await token("list")).stdout;
  await Promise.all(
    faults.map(async ([args, why]) => {
      const { status, stdout, stderr } = await token(...args);
      expect({ args, status, stdout }).toEqual({ args, status: 1, stdout: "" });
      expect(stderr).toMatch(why);
      expect(stderr).not.toMatch(/^ +at |secret/m);
    }),
  );
  expect((await token("list")).stdout).toBe(before);
  expect((await world.runAlone("token.ts", ["list"])).stderr).toMatch(/^Which database\? Set DATABASE_URL/);
  expect((await token("--help")).stdout).toMatch(/^Usage: npm run token/);
});
