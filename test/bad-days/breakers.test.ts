// What is broken is left alone, and only that: one region, one token, one URL. What a tick saw, the next one knows, though it runs
// in a new process, and an operator has the last word. Beside it: the table in docs/operating.md names tests that exist.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { activeOf, changesOf, intentsOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";

const PROJECT = resolve(fileURLToPath(import.meta.url), "../../..");
const STOPPED = { count: 8, state: "stopped" } as const;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab(
    {
      regions: ["fra", "syd"].flatMap((region) => [{ region }, { region, ...STOPPED }]),
      denied: [{ region: "fra" }],
      trusted: [{ region: "fra" }],
      "no-redis": [{ region: "fra" }, { region: "fra", ...STOPPED }],
    },
    { env: { HEARTBEAT_URL: "http://127.0.0.1:9/beat" } },
  );
});
afterAll(() => lab?.close());
afterEach(async () => {
  lab.fly.clearFaults();
  lab.stack.servers.redis.setDown(false);
  await lab.sql`select flyahead_api.reset_breaker(name) from flyahead_api.breakers`;
});

async function breaker(name: string) {
  const [row] = await lab.sql`select * from flyahead_api.breakers where name = ${name}`;
  return row;
}
const coldIsolate = (env = lab.env) => lab.stack.restartFunction("auto-scaling", env);
const functionLog = () => lab.stack.functions.get("auto-scaling")!.log();

async function prepare(app: string, regions = ["fra"], load = 1_900): Promise<void> {
  lab.nextSlot();
  await lab.adopt(app, { quantile: 0.5, max_workers: 8 });
  lab.nextSlot();
  for (const region of regions) await lab.feed(app, 60, load, region);
}
async function nextTick(app: string, regions = ["fra"], load = 1_900) {
  lab.nextSlot();
  for (const region of regions) await lab.feed(app, 15, load, region);
  return (await lab.tick(app)).body.apps[0];
}
const regionCalls = (region: string) =>
  changesOf(lab.fly, "regions").filter((call) => call.region === region).length;

describe("one broken region", () => {
  test("is left alone, also by the next process; the other one grows, and it is tried again with care", async () => {
    await prepare("regions", ["fra", "syd"]);
    const broken = { kind: "serverError", action: "start", app: "regions", region: "syd" } as const;
    lab.fly.addFault(broken);
    expect((await lab.tick("regions")).body.apps[0]).toMatchObject({ status: "done" });
    expect([activeOf(lab.fly, "regions", "fra"), activeOf(lab.fly, "regions", "syd")]).toEqual([4, 1]);
    expect(await breaker("fly:write:syd")).toMatchObject({
      mode: "OPEN",
      cause: "failures",
      needs_person: false,
    });
    expect(await breaker("fly:write:fra")).toMatchObject({ mode: "CLOSED" });
    expect(await breaker("fly:read")).toMatchObject({ mode: "CLOSED" });

    await coldIsolate();
    const before = (await intentsOf(lab.sql, "regions")).length;
    await nextTick("regions", ["fra", "syd"], 2_400);
    const after = (await intentsOf(lab.sql, "regions")).slice(before);
    expect(after.filter(({ region }) => region === "fra").map(({ status }) => status)).toEqual(["done"]);
    expect(await breaker("fly:write:syd"), "its probe failed").toMatchObject({ mode: "OPEN" });
    for (const { region, evidence } of after) {
      if (region === "syd")
        expect(evidence).toMatch(/Fly answered 500|Did not call fly:write:syd: the breaker/);
    }
    const opened = (
      await lab.sql`select (state ->> 'openings')::integer as n from flyahead.breakers where name = 'fly:write:syd'`
    )[0]!.n;
    expect(opened).toBeGreaterThanOrEqual(2);

    lab.fly.clearFaults();
    await coldIsolate();
    const calls = regionCalls("syd");
    await nextTick("regions", ["fra", "syd"], 2_400);
    expect(regionCalls("syd")).toBeGreaterThan(calls);
    expect(activeOf(lab.fly, "regions", "syd")).toBe(5);
    expect(await breaker("fly:write:syd")).toMatchObject({ mode: "CLOSED", failures: 0 });
  });

  test("an operator forces it open: nothing is sent there; a reset takes it back", async () => {
    const started = changesOf(lab.fly, "regions").length;
    await lab.sql`select flyahead_api.force_breaker('fly:write:fra', 'FORCED_OPEN')`;
    const load = 3_400;
    const { pools } = await nextTick("regions", ["fra"], load);
    const [fra] = pools.filter(({ pool }: { pool: { region: string } }) => pool.region === "fra");
    expect(fra.actions.length).toBeGreaterThan(0);
    for (const { outcome } of fra.actions) {
      expect(outcome.status).toBe("refused");
      expect(outcome.evidence).toMatch(/fly:write:fra is FORCED_OPEN .*an operator ordered it/);
    }
    expect(changesOf(lab.fly, "regions")).toHaveLength(started);
    expect(await breaker("fly:write:fra")).toMatchObject({ mode: "FORCED_OPEN", needs_person: true });
    await coldIsolate();
    await lab.sql`select flyahead_api.reset_breaker('fly:write:fra')`;
    await nextTick("regions", ["fra"], load);
    expect(activeOf(lab.fly, "regions", "fra")).toBeGreaterThanOrEqual(7);
  });
});

describe("a token that Fly refuses", () => {
  test("stops its app alone, and stays so until a person has put it right", async () => {
    const right = lab.env.FLY_API_TOKEN!;
    await coldIsolate({ ...lab.env, FLY_API_TOKEN: `denied=fm2_wrong trusted=${right}` });
    for (let i = 0; i < 4; i++) {
      lab.nextSlot();
      const { apps } = (await lab.tick(["denied", "trusted"])).body;
      expect(apps).toMatchObject([
        { app: "denied", status: "done", pools: [] },
        { app: "trusted", status: "done", pools: [{ kind: "hold" }] },
      ]);
    }
    expect(await breaker("fly:access:denied")).toMatchObject({
      mode: "OPEN",
      cause: "denied",
      needs_person: true,
    });
    expect(await breaker("fly:read")).toMatchObject({ mode: "CLOSED" });
    await coldIsolate();
    lab.nextSlot();
    expect((await lab.tick("denied")).body.apps[0].pools, "the token alone is not enough").toEqual([]);
    await lab.sql`select flyahead_api.reset_breaker('fly:access:denied')`;
    lab.nextSlot();
    expect((await lab.tick("denied")).body.apps[0].pools).toHaveLength(1);
  });
});

describe("Redis gone", () => {
  test.each([true, "silent"] as const)(
    "(%s) breakers come from their copy in Postgres; calls to Fly are counted here, from an empty bucket on",
    async (down) => {
      await prepare("no-redis", ["fra"], down === true ? 1_400 : 2_400);
      await lab.sql`select flyahead_api.force_breaker('fly:read', 'METRICS_ONLY')`;
      lab.stack.servers.redis.setDown(down);
      await coldIsolate();
      const before = lab.fly.now();
      expect((await lab.tick("no-redis")).body.apps[0]).toMatchObject({
        status: "done",
        lock: "unavailable",
      });
      expect(activeOf(lab.fly, "no-redis")).toBe(down === true ? 3 : 5);
      expect(lab.fly.now() - before, "a second for the first token").toBeGreaterThanOrEqual(1_000);
      expect(await breaker("fly:read")).toMatchObject({ mode: "METRICS_ONLY", pending_order: null });
      expect(functionLog()).toMatch(/"step":"breaker store"/);
      expect(functionLog()).not.toContain(lab.env.REDIS_TOKEN);
    },
  );
});

describe("the heartbeat's URL gone", () => {
  test("is logged, then left alone; ticks go on", async () => {
    await coldIsolate();
    for (let i = 0; i < 6; i++) {
      lab.nextSlot();
      expect((await lab.tick("trusted")).body.apps[0]).toMatchObject({ status: "done" });
    }
    expect(await breaker("heartbeat")).toMatchObject({ cause: "failures" });
    expect(functionLog()).toMatch(/Did not call heartbeat: the breaker/);
  });
});

describe.each([
  ["experts", { EXPERTS_URL: "http://127.0.0.1:9/forecast" }],
  ["prometheus", { PROMETHEUS_URL: "http://127.0.0.1:9" }],
])("%s gone", (name, env) => {
  test(`${name}: a part that is missing, then left alone; ticks go on, and the log says why`, async () => {
    await prepare("trusted", ["fra"], 900);
    await coldIsolate({ ...lab.env, ...env });
    for (let i = 0; i < 5; i++) {
      const { status, pools } = await nextTick("trusted", ["fra"], 900);
      expect(status).toBe("done");
      expect(pools[0].reason).not.toMatch(/no sample|stale/);
    }
    expect(await breaker(name)).toMatchObject({ cause: "failures", needs_person: false });
    expect(functionLog()).toMatch(new RegExp(`Did not call ${name}: the breaker`));
    await coldIsolate();
  });
});

describe("what calls cost", () => {
  test("stands in the log of each tick, per dependency", async () => {
    lab.nextSlot();
    await lab.tick("trusted");
    const lines = functionLog()
      .split("\n")
      .filter((line) => line.includes('"step":"outgoing"'));
    const last = JSON.parse(lines.at(-1)!.slice(lines.at(-1)!.indexOf("{")));
    for (const name of ["fly:read", "postgres", "redis"]) {
      expect(last[name]).toMatchObject({
        calls: expect.any(Number),
        failed: 0,
        heldBack: 0,
        longestMs: expect.any(Number),
      });
    }
  });
});

describe("docs/operating.md", () => {
  const text = readFileSync(join(PROJECT, "docs/operating.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| .*\.test\.ts/.test(line));

  test("what it tells an operator to ask can be asked", async () => {
    const blocks = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1]!);
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) await lab.sql.unsafe(block);
  });

  test("the table of what is away has its rows, and each one names tests that exist", () => {
    expect(rows.length).toBeGreaterThanOrEqual(12);
    for (const row of rows) {
      const cell = row.split("|").at(-2)!;
      const named = [...cell.matchAll(/`(test\/[^`]+\.test\.ts)`: ([^;`]+)/g)];
      expect(named.length, row).toBeGreaterThan(0);
      for (const [, file, title] of named) {
        expect(existsSync(join(PROJECT, file!)), file).toBe(true);
        expect(readFileSync(join(PROJECT, file!), "utf8"), `${file} has no test "${title}"`).toContain(
          title!.trim(),
        );
      }
    }
  });
});
