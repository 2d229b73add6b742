import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DAY_MS, floorTo, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { findFreePort } from "../../src/local/free-port.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { type Installed, installed, runScript, storedSamples } from "./installed.ts";

const folder = makeTempFolder();
let world: Installed;
beforeAll(async () => {
  world = await installed();
});
afterAll(async () => {
  await world?.close();
  folder.remove();
});
beforeEach(() => world.installation.sql`truncate flyahead.traffic_samples`);

const run = (...args: string[]) => world.run("simulate-traffic.ts", args);
const stored = (region: string) => storedSamples(world.installation, region);
/** The stack as a deployed one: no kept file, so time is the real one. */
const deployed = () => [
  ...["--url", world.installation.stack.functionsUrl, "--token", world.installation.token],
  ...["--app", "shop", "--process-group", "web", "--regions", "iad,fra", "--pattern", "daily"],
];

test("--backfill sends the days up to the simulated now, each minute once; the same seed, the same numbers", async () => {
  const now = floorTo(world.installation.fly.now(), MINUTE_MS);
  const args = ["--backfill", "1", "--regions", "iad,fra", "--pattern", "weekly", "--peak", "900"];
  const { status, stdout, stderr } = await run(...args, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ requests: 1, sent: 2_880, stored: 2_880, refused: 0, gaps: 0, end: "complete" },
    ...{ from: formatInstant(now - DAY_MS), until: formatInstant(now) },
  });
  expect(stderr).toMatch(/generated traffic \(weekly, seed flyahead\) in iad, fra/);
  expect(stderr).toMatch(/100 % .*2880 stored, 0 refused/);
  expect(world.installation.fly.now()).toBeLessThan(now + MINUTE_MS);
  const first = await stored("iad");
  expect(first).toHaveLength(1_440);
  expect([first[0]!.at, first.at(-1)!.at]).toEqual([now - DAY_MS, now - MINUTE_MS]);
  expect(Math.max(...first.map(({ requests }) => requests))).toBeGreaterThan(500);
  await run(...args);
  expect(await stored("iad")).toEqual(first);
  await run(...args, "--seed", "other");
  expect(await stored("iad")).not.toEqual(first);
});

test("--trace replays what was recorded, at the same time of day where it can, and leaves its gaps out", async () => {
  const file = join(folder.path, "trace.csv");
  const start = Date.UTC(1995, 6, 1);
  const rows = Array.from({ length: 1_500 }, (_, i) => `${formatInstant(start + i * MINUTE_MS)},${i}`);
  rows.splice(62, 1);
  writeFileSync(file, `timestamp,requests\n${rows.join("\n")}\n`);
  const from = floorTo(world.installation.fly.now(), DAY_MS) - DAY_MS + 60 * MINUTE_MS;
  const { status, stdout } = await run(
    "--trace",
    file,
    "--regions",
    "iad",
    "--from",
    formatInstant(from),
    "--minutes",
    "5",
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(/^4 samples sent, 4 stored, 0 refused; 1 gaps left out$/m);
  const expected = [60, 61, 63, 64].map((i) => ({ at: from + (i - 60) * MINUTE_MS, requests: i }));
  expect(await stored("iad")).toEqual(expected);
  const long = await run("--trace", file, "--regions", "iad", "--days", "3");
  expect(long).toMatchObject({ status: 1, stdout: "" });
  expect(long.stderr).toMatch(/holds 1\.0 days that all regions share; ask for no more/);
  const none = await run("--trace", join(folder.path, "none.csv"));
  expect(none.stderr).toMatch(/^Cannot read the trace .*ENOENT/);
});

test("from now on with a simulated clock: the clock is moved along at the asked pace", async () => {
  const before = floorTo(world.installation.fly.now(), MINUTE_MS);
  const { status, stdout, stderr } = await run(
    "--speed",
    "1200",
    "--minutes",
    "30",
    "--regions",
    "iad,fra",
    "--pattern",
    "daily",
  );
  expect(status).toBe(0);
  expect(stderr).toMatch(/1200 minutes in a minute, moving the simulated clock along/);
  expect(stdout).toMatch(/^60 samples sent, 60 stored[^\n]*\n2 requests in /m);
  expect(world.installation.fly.now()).toBe(before + 30 * MINUTE_MS);
  expect((await stored("fra")).at(-1)!.at).toBe(before + 29 * MINUTE_MS);
});

test("live on a deployed stack: the minute that has just ended goes at once; Ctrl-C ends with the summary", async () => {
  const before = floorTo(Date.now(), MINUTE_MS);
  const { status, stdout, stderr } = await world.runAlone(
    "simulate-traffic.ts",
    [...deployed(), "--minutes", "60"],
    {
      onStderr: (soFar, kill) => {
        if (/2 stored/.test(soFar)) kill("SIGINT");
      },
    },
  );
  expect(stderr).toMatch(/Z, live: a minute each minute \(it is 20/);
  expect(stdout).toMatch(/^Stopped before the end: 20.*\n2 samples sent, 2 stored, 0 refused/);
  expect(status).toBe(130);
  const [sample, ...more] = await stored("iad");
  expect(more).toEqual([]);
  expect([before - MINUTE_MS, before]).toContain(sample!.at);
});

test("on a deployed stack, faster than live is the past up to now, and the future is refused", async () => {
  const before = floorTo(Date.now(), MINUTE_MS);
  const fast = await world.runAlone("simulate-traffic.ts", [
    ...deployed(),
    "--speed",
    "max",
    "--minutes",
    "10",
  ]);
  expect(fast.status).toBe(0);
  const ats = (await stored("iad")).map(({ at }) => at);
  expect(ats).toHaveLength(10);
  expect([before - MINUTE_MS, before]).toContain(ats.at(-1));
  const future = await world.runAlone("simulate-traffic.ts", [...deployed(), "--from", "2999-01-01"]);
  expect(future).toMatchObject({ status: 1, stdout: "" });
  expect(future.stderr).toMatch(/^--from 2999-01-01T00:00:00Z is in the future; it is 20/);
});

test("refused samples are counted by their reason, which is said at once; nothing stored is a failure", async () => {
  const partly = await run("--backfill", "0.1", "--pattern", "daily", "--regions", "iad,nrt", "--json");
  expect(partly.status).toBe(0);
  expect(JSON.parse(partly.stdout)).toMatchObject({
    ...{ sent: 288, stored: 144, refused: 144 },
    refusals: { "no pool shop/web@nrt; pools are found in Fly's machine list by the first tick": 144 },
  });
  expect(partly.stderr).toMatch(/^refused, nrt at 20\S+Z: no pool shop\/web@nrt/m);
  const none = await run("--backfill", "0.1", "--pattern", "daily", "--app", "other");
  expect(none.status).toBe(1);
  expect(none.stdout).toMatch(/0 stored, 432 refused[\s\S]* {2}144 × no pool other\/web@iad/);
  expect(none.stderr).toMatch(/\nNothing was stored\.\n$/);
});

test("429 is waited out as asked, a stack that stumbles is asked again, and no sample is lost", async () => {
  const bodies: string[] = [];
  const answers = [200, 429, 503, 200];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    const status = answers.shift() ?? 500;
    response.writeHead(status, status === 429 ? { "retry-after": "1" } : {});
    response.end(
      JSON.stringify(
        status === 200 ? { stored: JSON.parse(body).length, refused: [] } : { detail: "slowly" },
      ),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/functions/v1/`;
    const args = [
      "--url",
      url,
      "--token",
      "fa_x",
      "--app",
      "shop",
      "--backfill",
      "2",
      "--pattern",
      "daily",
      "--json",
    ];
    const { status, stdout, stderr } = await runScript("simulate-traffic.ts", args);
    expect(stderr).toMatch(/^429: the stack asks to slow down; waiting 1 s$/m);
    expect(stderr).toMatch(/^The stack answered 503: slowly Trying again in 1 s$/m);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ requests: 4, sent: 8_640, stored: 8_640 });
    const sizes = bodies.map((body) => JSON.parse(body).length as number);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5_000);
    expect(sizes[0]! + sizes[1]!).toBe(8_640);
    expect([bodies[2], bodies[3]]).toEqual([bodies[1], bodies[1]]);
  } finally {
    server.close();
  }
});

test("what is wrong is said in a sentence, without a stack trace", async () => {
  const away = `http://127.0.0.1:${await findFreePort()}`;
  const faults: [string[], RegExp][] = [
    [
      ["--token", "fa_wrong_wrong_wrong_wrong", "--backfill", "0.1"],
      /The samples were refused with 401: This token is unknown/,
    ],
    [
      ["--url", away, "--token", "fa_x", "--app", "a", "--pattern", "daily"],
      /^Cannot reach http:\/\/127\.0\.0\.1:\d+\/traffic: ECONNREFUSED\. Is the stack up/m,
    ],
    [["--url", away, "--token", "fa_x"], /^Which app\? Give --app NAME/],
    [["--pattern", "wavy"], /^There is no traffic pattern "wavy"; choose one of steady, daily/],
    [["--regions", "iad,atlantis"], /^Cannot simulate traffic in region "atlantis"/],
    [["--speed", "fast"], /^--speed is "fast"; give a number/],
    [["--from", "yesterday"], /^--from is "yesterday"; give a day or a time with its zone/],
    [["--backfill", "2", "--days", "3"], /^--backfill and --days say the same thing twice/],
    [["--trace", "x.csv", "--seed", "y"], /^--trace replays what was recorded: leave out/],
  ];
  await Promise.all(
    faults.map(async ([args, why]) => {
      const { status, stderr } = await run(...args);
      expect(stderr).toMatch(why);
      expect(stderr).not.toMatch(/^ +at /m);
      expect({ args, status }).toEqual({ args, status: 1 });
    }),
  );
  expect((await run("--help")).stdout).toMatch(/^Usage: npm run simulate-traffic/);
});
