/**
 * Ten thousand random, malformed and hostile requests to each function, as bytes on a socket, served by real Deno on the local
 * stack: no 5xx, no crash, nothing internal told, nothing of another app touched, and no more memory at the end than at the
 * beginning. FLYAHEAD_ABUSE_REQUESTS and FLYAHEAD_ABUSE_SEED make a longer run, or another one.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bookToken } from "../../src/adapters/postgres/tokens.ts";
import { floorTo, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import type { DenoFunction } from "../../src/local/deno.ts";
import { type Installation, startInstallation } from "../../src/local/installation.ts";
import { collectGarbage, type Inspector, inspectorOf } from "./collect-garbage.ts";
import { createRequests, type HostileRequest, type Target } from "./requests.ts";
import { type Exchange, openLine } from "./wire.ts";

const SEED = process.env.FLYAHEAD_ABUSE_SEED ?? "1";
const REQUESTS = Number(process.env.FLYAHEAD_ABUSE_REQUESTS ?? 10_000);
/**
 * After a tenth memory is what the function needs to work; what it takes on top of that by the end is a leak. V8 lets garbage lie
 * while there is room, more or less of it as chance will have it; so it is collected before either look.
 */
const WARM = REQUESTS / 10;
const AT_A_TIME = 6;
const LONGEST_MS = 60_000 + REQUESTS * 20;

/** A real clock and no simulation: what is served is what production serves. */
let world: Installation;
let token: string;
let pools: number[];
let inspectors: ReadonlyMap<string, Inspector>;

beforeAll(async () => {
  world = await startInstallation({
    signals: false,
    denoFlags: ["--inspect=127.0.0.1:0"],
    fly: {
      seed: 1,
      start: floorTo(Date.now(), MINUTE_MS),
      apps: ["shop", "blog"].map((name) => ({ name, machines: [{ region: "fra", count: 2 }] })),
    },
    env: { SIMULATION_URL: "", SCALING_MODE: "advise" },
  });
  inspectors = new Map([...world.stack.functions].map(([slug, served]) => [slug, inspectorOf(served)]));
  await world.sql`delete from flyahead.settings where name = 'simulated_now'`;
  const found = await world.call("auto-scaling", { method: "POST", body: "{}" });
  expect(found.status, await found.text()).toBe(200);
  token = `fa_${randomBytes(24).toString("base64url")}`;
  const tokenHash = createHash("sha256").update(token).digest("hex");
  await bookToken(world.sql, {
    name: "hostile",
    tokenHash,
    scopes: ["tick", "ingest", "read"],
    apps: ["shop"],
  });
  const rows = await world.sql<{ id: number }[]>`select id from flyahead.worker_regions order by app`;
  pools = rows.map(({ id }) => id);
});
afterAll(() => world?.close());

type Tally = {
  readonly statuses: Record<string, number>;
  readonly faults: string[];
  /** Resident after each tenth, with the garbage. */
  readonly residentMb: number[];
  /** After the first tenth and at the end, without it. */
  readonly collectedMb: number[];
};

async function assault(target: Target): Promise<Tally> {
  const served = world.stack.functions.get(target.slug)!;
  const next = createRequests(SEED, target);
  const tally: Tally = { statuses: {}, faults: [], residentMb: [], collectedMb: [] };
  const port = Number(new URL(served.url).port);
  let sent = 0;
  const attack = async () => {
    const line = openLine(port);
    while (sent < REQUESTS) {
      sent += 1;
      const number = sent;
      const request = next();
      const exchange = await line.send(request.bytes, request);
      const fault = faultOf(exchange, request);
      if (fault !== null && tally.faults.length < 20)
        tally.faults.push(`#${number} ${fault}; the log: ${logOf(exchange, served.log())}`);
      const status = typeof exchange === "string" ? exchange : String(exchange.status);
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      if (number % WARM === 0) {
        tally.residentMb.push(residentMb(target.slug, served));
        if (number !== WARM && number !== REQUESTS) continue;
        await collectGarbage(inspectors.get(target.slug)!);
        tally.collectedMb.push(residentMb(target.slug, served));
      }
    }
    line.close();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, attack));
  return tally;
}

/** What the function wrote about a request, but for the line that every request has. */
function logOf(exchange: Exchange, log: string): string {
  const id = typeof exchange === "string" ? undefined : exchange.headers["x-request-id"];
  const lines = log.split("\n").filter((line) => id !== undefined && line.includes(id));
  return lines.filter((line) => !line.includes('"step":"request",')).join(" ");
}

const INTERNAL =
  /node_modules|file:\/\/\/|\.ts:\d|\bat [\w.]+ \(|ECONNREFUSED|PostgresError|TypeError|RangeError|SyntaxError|insert into|flyahead_functions|api_tokens" /;

/** What an answer must never be, with the request that brought it. */
function faultOf(exchange: Exchange, { bytes, end }: HostileRequest): string | null {
  const about = (what: string) => `${what}: ${JSON.stringify(bytes.toString("latin1").slice(0, 600))}`;
  if (exchange === "silent") return end ? null : about("left without an answer");
  if (exchange === "closed") return null;
  const { status, body, headers } = exchange;
  if (status >= 500) return about(`${status} ${body.slice(0, 300)}`);
  if (body.includes(token) || secrets().some((secret) => body.includes(secret)))
    return about("told a secret");
  // Words that the caller sent himself are told back in places, shortened; what counts is what he did not send.
  const internal = INTERNAL.exec(body)?.[0];
  if (internal && !bytes.includes(internal)) return about(`told ${internal} in ${body.slice(0, 300)}`);
  if (body !== "" && headers["x-request-id"] === undefined)
    return about(`an answer of nobody: ${status} ${body.slice(0, 100)}`);
  return null;
}

function secrets(): string[] {
  const { DATABASE_URL = "", REDIS_TOKEN = "", FLY_API_TOKEN = "" } = world.env;
  return [new URL(DATABASE_URL).password, REDIS_TOKEN, FLY_API_TOKEN, world.token];
}

/** @throws where the process has ended, with its last words: crashed, or out of memory. */
function residentMb(slug: string, { pid, log }: DenoFunction): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) throw new Error(`The function ${slug} has ended:\n${log().slice(-2_000)}`);
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

const books = async () => {
  const [row] = await world.sql`
    select (select count(*) from flyahead.worker_regions) as pools,
      (select count(*) from flyahead.api_tokens where revoked_at is null) as tokens,
      (select md5(string_agg(name || value, ',' order by name)) from flyahead.settings) as settings,
      (select count(*) from flyahead.traffic_samples s join flyahead.worker_regions w on w.id = s.pool_id where w.app = 'blog') as foreign_samples,
      (select count(*) from flyahead.ticks where app = 'blog') as foreign_ticks`;
  return row;
};

test(
  `${REQUESTS} hostile requests to each function: no 5xx, no crash, nothing told, nothing taken`,
  async () => {
    const before = await books();
    const minute = formatInstant(floorTo(Date.now(), MINUTE_MS) - MINUTE_MS);
    const pids = [...world.stack.functions].map(([slug, { pid }]) => [slug, pid]);
    const slugs = ["auto-scaling", "traffic", "status"] as const;
    const tallies = await Promise.all(slugs.map((slug) => assault({ slug, token, pools, minute })));
    const report = Object.fromEntries(slugs.map((slug, i) => [slug, tallies[i]!]));
    // biome-ignore lint/suspicious/noConsole: what was sent and answered, for whoever reads the run
    console.log(JSON.stringify({ requests: REQUESTS, seed: SEED, ...report }));
    for (const slug of slugs) {
      const { faults, collectedMb, statuses } = report[slug]!;
      expect(faults, slug).toEqual([]);
      expect(
        Number(statuses["200"]),
        `${slug}: some requests are right, or nothing was tried`,
      ).toBeGreaterThan(REQUESTS / 100);
      const [warm = 0, end = Number.POSITIVE_INFINITY] = collectedMb;
      expect(warm).toBeGreaterThan(0);
      expect(
        end,
        `${slug}: MB resident after ${WARM} and after ${REQUESTS}: ${collectedMb}`,
      ).toBeLessThanOrEqual(1.2 * warm);
      const log = world.stack.functions.get(slug)!.log();
      expect(log).not.toMatch(/Uncaught|panicked|fatal runtime/i);
      for (const secret of [token, ...secrets()]) expect(log).not.toContain(secret);
      // Without a word of ours before it: the same processes, and they work.
      expect([...world.stack.functions].map(([name, { pid }]) => [name, pid])).toEqual(pids);
    }
    expect(await books()).toEqual(before);
    expect((await world.call("status/pools")).status).toBe(200);
    const body = JSON.stringify([{ app: "shop", region: "fra", at: minute, requests: 7 }]);
    expect(await (await world.call("traffic", { method: "POST", body })).json()).toEqual({
      stored: 1,
      refused: [],
    });
    expect((await world.call("auto-scaling", { method: "POST", body: "{}" })).status).toBe(200);
  },
  LONGEST_MS,
);
