// What ticks and requests cost in Redis, as Upstash bills them (a script as one command and each of its calls), through the real
// functions. The budget: ten pools at 15 minutes, ingest included, within 500,000 commands a month.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createUpstashCache } from "../../src/adapters/upstash/cache.ts";
import { connectRedis } from "../../src/adapters/upstash/redis.ts";
import { type LatestPlan, latestPlansKey } from "../../src/core/latest.ts";
import { formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { type Lab, startLab } from "../support/installation.ts";

const FREE_COMMANDS = 500_000;
/** Of 31 days. */
const MONTH_MINUTES = 31 * 24 * 60;
const REGIONS = ["ams", "arn", "cdg", "fra", "gru", "iad", "lhr", "nrt", "sin", "syd"];
const TEN_APPS = REGIONS.map((region) => `app-${region}`);
const machines = (region: string) => [{ region }, { region, count: 2, state: "stopped" }] as const;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab(
    {
      wide: REGIONS.flatMap(machines),
      ...Object.fromEntries(REGIONS.map((region) => [`app-${region}`, machines(region)])),
    },
    { env: { INGEST_REQUESTS_PER_MINUTE: "120" } },
  );
});
afterAll(() => lab?.close());

async function costOf(work: () => Promise<unknown>): Promise<number> {
  const before = lab.stack.servers.redis.commands();
  await work();
  return lab.stack.servers.redis.commands() - before;
}

async function tickCost(apps: readonly string[]): Promise<number> {
  lab.nextSlot();
  return costOf(async () => {
    const { status, body } = await lab.tick(apps);
    expect(status).toBe(200);
    for (const app of body.apps) expect(app).toMatchObject({ status: "done", lock: "acquired" });
  });
}

/** One request with the last minute of each of the app's pools. */
async function ingest(app: string, regions: readonly string[], requests = 100): Promise<void> {
  const at = formatInstant(Math.floor(lab.fly.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS);
  const body = JSON.stringify(regions.map((region) => ({ app, region, at, requests })));
  const answer = await lab.call("traffic", { method: "POST", body });
  expect(answer.status, await answer.text()).toBe(200);
}

describe("commands of Redis", () => {
  let wide = 0;
  let ten = 0;
  let ready = 0;

  test("a tick: five, and five for each app; the number of pools does not matter", async () => {
    await tickCost(["wide", ...TEN_APPS]);
    wide = await tickCost(["wide"]);
    ten = await tickCost(TEN_APPS);
    expect(wide).toBe(5 + 5);
    expect(ten).toBe(5 + 10 * 5);
  });

  test("the latest plan of every pool is there to be read, for one command", async () => {
    const redis = connectRedis({ ...lab.stack.redis, timeoutMs: 5_000 });
    const cache = createUpstashCache({ redis, prefix: "flyahead:cache", log: () => {} });
    expect(await costOf(() => cache.get(latestPlansKey("wide")))).toBe(1);
    const plans = (await cache.get(latestPlansKey("wide"))) as LatestPlan[];
    expect(plans.map(({ pool }) => pool.region).sort()).toEqual(REGIONS);
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 0 });
  });

  test("each machine that is moved: four", async () => {
    await lab.sql`update flyahead.worker_regions set mode = 'act', min_workers = 3 where app = 'wide' and region in ('fra', 'syd')`;
    expect(await tickCost(["wide"])).toBe(wide + 4 * 4);
  });

  test("a request with samples: none, up to the tenth of its limit; then at most five", async () => {
    const costs: number[] = [];
    for (let i = 0; i < 16; i++) costs.push(await costOf(() => ingest("wide", REGIONS)));
    expect(Math.max(...costs)).toBeLessThanOrEqual(6);
    // The minute may have changed in between: then there are more free ones.
    expect(costs.slice(0, 12).filter((cost) => cost === 0).length).toBe(12);
  });

  test("asking how things are: /ready one, /pools none, one pool one, up to the tenth of the limit", async () => {
    await lab.stack.restartFunction("status");
    const ask = async (path: string) => {
      const answer = await lab.call(`status${path}`, { method: "GET" });
      expect(answer.status, await answer.clone().text()).toBe(200);
      return (await answer.json()) as { pools: { id: number; app: string }[] };
    };
    ready = await costOf(() => ask("/ready"));
    expect(ready, "a PING; breakers are shown from their copy in Postgres").toBe(1);
    expect(await costOf(() => ask("/ready")), "looked at every five seconds at most").toBe(0);
    expect(await costOf(() => ask("/health"))).toBe(0);
    expect(await costOf(() => ask("/pools"))).toBe(0);
    const [pool] = (await ask("/pools?app=wide")).pools;
    expect(await costOf(() => ask(`/pools/${pool!.id}`)), "the app's latest plans").toBe(1);
  });

  test("ten pools at 15 minutes, with a request a minute from each app, fit the free tier; one app even at a minute", () => {
    const at15 = (tick: number) => (MONTH_MINUTES / 15) * tick;
    const moves = (MONTH_MINUTES / 15) * 10 * 4;
    expect(at15(wide) + moves, "one app in ten regions, each moved at every tick").toBeLessThan(
      FREE_COMMANDS,
    );
    expect(at15(ten) + moves, "ten apps, each moved at every tick").toBeLessThan(FREE_COMMANDS);
    expect(at15(ten) + moves + MONTH_MINUTES * ready, "and a monitor asks /ready each minute").toBeLessThan(
      FREE_COMMANDS,
    );
    // Were each request billed (an isolate for each of them, and every one beyond its free tenth):
    expect(at15(wide) + MONTH_MINUTES * 5).toBeLessThan(FREE_COMMANDS);
    expect(MONTH_MINUTES * wide, "one app in ten regions at a cadence of a minute").toBeLessThan(
      FREE_COMMANDS,
    );
  });
});
