/**
 * npm run cron as a process, against a stand-in for the function and a real Postgres; and its jobs one by one, since no test
 * should wait for a quarter of an hour.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cronJobs } from "../../scripts/cron/jobs.ts";
import { readSettings } from "../../scripts/cron/settings.ts";
import { startTestServer, type TestServer } from "../schedule/http-server.ts";
import { type Database, useEmbedded } from "../support/databases.ts";

const SLOT = Date.UTC(2026, 2, 2, 9);
const open = useEmbedded();
let db: Database;
let http: TestServer;

beforeAll(async () => {
  db = await open();
  http = await startTestServer();
});
afterAll(() => http?.close());

describe("the jobs", () => {
  const lines: string[] = [];
  let stop: AbortController;
  const run = async (name: string, url = http.url) => {
    const settings = { url, token: "secret-word", cadenceMinutes: 15 } as const;
    const tools = {
      sql: db.asService,
      now: () => SLOT + 2_000,
      say: (line: string) => void lines.push(line),
      stop: stop.signal,
    };
    await cronJobs(settings, tools)
      .find((job) => job.name === name)
      ?.run();
  };
  const requests = async () => [
    ...(await db.owner`select job, to_jsonb(apps) as apps, status_code, error from flyahead.schedule_requests order by id`),
  ];

  beforeEach(async () => {
    stop = new AbortController();
    lines.length = 0;
    http.asked.length = 0;
    http.answer = { status: 200, text: "{}" };
    await db.owner`truncate flyahead.schedule_requests, flyahead.unreached_apps`;
    await db.owner`insert into flyahead.settings (name, value) values ('simulated_now', '2026-03-02T09:00:02Z') on conflict (name) do nothing`;
  });

  it("call the function with the token and note what came of it", async () => {
    await run("tick");
    expect(http.asked).toMatchObject([
      { url: "/auto-scaling", body: {}, headers: { authorization: "Bearer secret-word" } },
    ]);
    expect(await requests()).toEqual([{ job: "tick", apps: null, status_code: 200, error: null }]);
    expect(lines).toEqual([expect.stringMatching(/^2026-03-02T09:00:02Z tick: 200 \(\d+ ms\)$/)]);
  });

  it("note what was refused, and that nobody answered, without the token", async () => {
    http.answer = { status: 401, text: "no such token" };
    await run("tick");
    await run("tick", "http://127.0.0.1:9");
    expect(await requests()).toMatchObject([
      { status_code: 401, error: "no such token" },
      { status_code: null, error: expect.stringMatching(/ECONNREFUSED|bad port/) },
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret-word");
  });

  it("do not wait for an answer when they are stopped, and note that", async () => {
    http.answer = "never";
    const tick = run("tick");
    while (http.asked.length === 0) await new Promise((next) => setTimeout(next, 5));
    stop.abort(new Error("stopped before the answer came"));
    await tick;
    expect(await requests()).toMatchObject([{ status_code: null, error: "stopped before the answer came" }]);
  });

  it("call again for apps that were not reached, and otherwise keep quiet", async () => {
    await run("follow-up");
    expect(http.asked).toHaveLength(0);
    await db.owner`insert into flyahead.unreached_apps (slot, app, noted_at) values (flyahead.instant(${SLOT}), 'shop', now())`;
    await run("follow-up");
    expect(http.asked.map(({ body }) => body)).toEqual([{ apps: ["shop"] }]);
    expect(lines).toEqual([expect.stringContaining("follow-up: 200 for shop")]);
  });

  it("run the rollups and the upkeep as the functions' role", async () => {
    await db.owner`insert into flyahead.rollup_queue values (1, '2026-03-02 08:00+00', '2026-03-02 08:05+00')`;
    await run("rollups");
    await run("rollups");
    await run("upkeep");
    expect(lines).toEqual([
      expect.stringContaining("rollups: 1 notes worked off"),
      expect.stringContaining('"keep_storage"'),
    ]);
    expect(lines[1]).not.toContain('failed":"');
  });

  it("survive a database that fails, and say so", async () => {
    const tools = {
      sql: (() => Promise.reject(new Error("the database is away"))) as unknown as Database["asService"],
      now: () => SLOT,
      say: (line: string) => void lines.push(line),
      stop: stop.signal,
    };
    for (const job of cronJobs({ url: http.url, token: "x", cadenceMinutes: 15 }, tools)) await job.run();
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/ tick: 200 \(0 ms\); not noted: the database is away$/);
    for (const line of lines.slice(1))
      expect(line).toMatch(/failed: the database is away; tried again at its next time$/);
  });
});

describe("npm run cron", () => {
  it("names everything that is missing or wrong", () => {
    expect(() => readSettings({ CADENCE_MINUTES: "7", FLYAHEAD_URL: "ftp://x" })).toThrow(
      /FLYAHEAD_URL cannot be used.*FLYAHEAD_CRON_TOKEN is missing.*DATABASE_URL is missing.*CADENCE_MINUTES cannot be used/s,
    );
  });

  it("says what it will do, and stops when it is told to", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/cron.ts"], {
      env: {
        ...process.env,
        FLYAHEAD_URL: `${http.url}/`,
        FLYAHEAD_CRON_TOKEN: "secret-word",
        DATABASE_URL: db.serviceUrl,
      },
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes("until Ctrl-C") && !out.includes("Stopped")) child.kill("SIGTERM");
    });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    expect(out).toContain(`Calling ${http.url} until Ctrl-C: tick (*/15 * * * *), follow-up (* * * * *)`);
    expect(out).toContain("Stopped");
    expect(out).not.toContain("secret-word");
  });
});
