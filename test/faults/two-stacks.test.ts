/**
 * Two stacks tick the same app of two regions at the same time, each by its own clock, which is wrong by up to a minute and a
 * half, over 500 slots of loads that go up and down, while Redis goes away, falls silent and forgets everything, also in the middle of
 * a tick: the invariants of the fault matrix hold. Each stack is a Deno process of its own; the books, Redis and Fly are
 * common to both, as they are to two callers of one installation. That the invariants can fail is shown in invariants.test.ts.
 */
import { fileURLToPath } from "node:url";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { floorTo, MINUTE_MS } from "../../src/core/time.ts";
import { type DenoFunction, startDenoFunction } from "../../src/local/deno.ts";
import { createRandom } from "../../src/sim/random.ts";
import { type Lab, SLOT_MS, startLab } from "../support/installation.ts";
import { faultsInTheEnd, holdsOf, poolsNow } from "./evidence.ts";
import { openPlainDoor } from "./http-door.ts";
import { heldTooLong } from "./invariants.ts";

const SLOTS = 500;
const BOUNDS = { min: 1, max: 5 };
/** Longer than a tick's patience with one call to Redis. */
const SILENT_MS = 1_500;
const TERMS = { leaseMs: 150_000, machineMs: 20_000 };
const LOADS = [10, 700, 1_400, 1_900, 2_600];
const APP = "shop";
const REGIONS = ["fra", "ams"];

type Stack = { readonly url: string; skewMs: number; close(): Promise<void> };
const random = createRandom("two stacks");
const between = (from: number, to: number) => from + random.next() * (to - from);
const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)]!;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let lab: Lab;
let redis: Redis;
const stacks: Stack[] = [];
const loads = new Map<string, number>();

/** A function that sees Fly, and with it the time, through a glass that tells another time. */
async function startSkewed(): Promise<Stack> {
  const stack = { skewMs: 0 };
  const door = await openPlainDoor(lab.flyUrl, (answer, { path }) => {
    const skewed = (now: unknown) => String(Number(now) + stack.skewMs);
    const headers = { ...answer.headers };
    if (headers["x-simulated-now"]) headers["x-simulated-now"] = skewed(headers["x-simulated-now"]);
    if (!path.startsWith("/_sim/clock")) return { ...answer, headers };
    const { "content-length": _, ...rest } = headers;
    const body = Buffer.from(
      answer.body.toString("utf8").replace(/("now":)(\d+)/, (_all, key, now) => key + skewed(now)),
    );
    return { ...answer, headers: rest, body };
  });
  const folder = fileURLToPath(new URL("../../functions/auto-scaling", import.meta.url));
  const served: DenoFunction = await startDenoFunction({
    entrypoint: `${folder}/index.ts`,
    config: `${folder}/deno.json`,
    env: { ...lab.env, FLY_API_URL: door.url, SIMULATION_URL: door.url },
    folder: lab.stack.folder,
  });
  const close = async () => {
    await served.close();
    await door.close();
  };
  return Object.assign(stack, { url: `${served.url}/auto-scaling`, close });
}

async function tickAt({ url }: Stack, afterMs: number): Promise<string[]> {
  await pause(afterMs);
  const headers = {
    authorization: `Bearer ${lab.token}`,
    "content-type": "application/json",
    connection: "close",
  };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ apps: [APP] }) });
  const body = (await answer.json()) as { apps?: { status: string }[]; title?: string };
  return body.apps?.map(({ status }) => status) ?? [body.title ?? "nothing"];
}

async function feed(minutes: number): Promise<void> {
  const until = floorTo(lab.fly.now(), MINUTE_MS);
  const samples = REGIONS.flatMap((region) =>
    Array.from({ length: minutes }, (_, i) => ({
      pool: { app: APP, region, processGroup: "app" },
      at: until - (minutes - i) * MINUTE_MS,
      requests: loads.get(region) ?? LOADS[0]!,
    })),
  );
  await createPostgresSamples(lab.sql).store(samples, lab.fly.now());
}

/** Redis for the length of one slot: mostly there; now and then it forgets all that it held, while ticks are at work. */
async function redisWeather(): Promise<void> {
  const chance = random.next();
  const { setDown } = lab.stack.servers.redis;
  setDown(chance < 0.15 ? true : chance < 0.16 ? "silent" : false);
  if (chance >= 0.15 && chance < 0.16) {
    await pause(SILENT_MS);
    setDown(false);
  }
  if (chance < 0.6) return;
  await pause(between(0, 40));
  await redis.flushall();
}

/** The database's clock runs with the simulator's, so that it can tell whose clock is wrong. */
const tellTheBooks = () =>
  lab.sql`update flyahead.settings set value = ${new Date(lab.fly.now()).toISOString()} where name = 'simulated_now'`;

/** One slot of both stacks; what they answered. */
async function runSlot(): Promise<string[]> {
  const slot = floorTo(lab.fly.now(), SLOT_MS) + SLOT_MS;
  lab.fly.advanceTo(slot + Math.round(between(0, MINUTE_MS)));
  await tellTheBooks();
  for (const region of REGIONS) if (random.next() < 0.5) loads.set(region, pick(LOADS));
  for (const stack of stacks) if (random.next() < 0.2) stack.skewMs = Math.round(between(-90_000, 90_000));
  await feed(15);
  const weather = redisWeather();
  const answers = await Promise.all(stacks.map((stack) => tickAt(stack, between(0, 30))));
  await weather;
  return answers.flat();
}

async function adopt(): Promise<void> {
  lab.nextSlot();
  await tellTheBooks();
  const { body } = await lab.tick(APP);
  expect(body.apps[0].status).toBe("done");
  await lab.sql`update flyahead.worker_regions set mode = 'act', min_workers = ${BOUNDS.min}, max_workers = ${BOUNDS.max},
    unserved_price = 2, requests_per_worker = 500`;
}

beforeAll(async () => {
  const machines = REGIONS.flatMap((region) => [{ region }, { region, count: 2, state: "stopped" as const }]);
  lab = await startLab({ [APP]: machines }, { env: { FLAPS_PER_DAY: "0" } });
  redis = new Redis({
    url: lab.stack.redis.url,
    token: lab.stack.redis.token,
    enableTelemetry: false,
    retry: false,
  });
  await lab.sql`insert into flyahead.settings (name, value) values ('slot_ahead', '1 minute')`;
  stacks.push(await startSkewed(), await startSkewed());
});
afterAll(async () => {
  for (const stack of stacks) await stack.close();
  await lab.close();
});

test(`two stacks on skewed clocks, ${SLOTS} slots, a Redis that comes and goes`, {
  timeout: 300_000,
}, async () => {
  await adopt();
  const answers = new Map<string, number>();
  const astray = new Map<string, number>();
  for (let slot = 0; slot < SLOTS; slot++) {
    for (const word of await runSlot()) answers.set(word, (answers.get(word) ?? 0) + 1);
    lab.stack.servers.redis.setDown(false);
    expect(heldTooLong(await holdsOf(lab, APP), TERMS), `slot ${slot}`).toEqual([]);
    for (const { region, active, decided } of await poolsNow(lab, APP)) {
      astray.set(region, active === decided ? 0 : (astray.get(region) ?? 0) + 1);
      expect(astray.get(region), `${region} in slot ${slot}: decided ${decided}`).toBeLessThan(2);
    }
  }
  for (const stack of stacks) stack.skewMs = 0;
  for (let quiet = 0; quiet < 2; quiet++) await runSlot();
  lab.stack.servers.redis.setDown(false);
  expect((await poolsNow(lab, APP)).map(({ region }) => region).sort()).toEqual([...REGIONS].sort());
  expect(await faultsInTheEnd(lab, APP, BOUNDS, null)).toEqual([]);
  const changes = lab.fly.log().filter(({ by }) => by === "api").length;
  process.stdout.write(
    `two stacks, ${SLOTS} slots: ${changes} changes; answers ${JSON.stringify(Object.fromEntries(answers))}\n`,
  );
  // It was a trial: both worked, both met, and the fleet moved.
  expect(changes).toBeGreaterThan(SLOTS / 2);
  expect(answers.get("done")).toBeGreaterThan(SLOTS / 2);
  expect(answers.get("closed")).toBeGreaterThan(0);
});
