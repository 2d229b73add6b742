// A CSV file goes in as a person sends it: the script as a process, on every database. What is stored is compared with
// what the file says, and the rollups with what is stored.
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, formatInstant, MINUTE_MS } from "../../src/core/time.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";
import {
  clear,
  furnish,
  minuteRows,
  NOW,
  rollupFaults,
  runImport,
  storedMinutes,
  writeCsv,
} from "./fixture.ts";

describeOnEveryDatabase("import-history", (open) => {
  const folder = makeTempFolder();
  const file = join(folder.path, "history.csv");
  let db: Database;

  beforeAll(async () => {
    db = await open();
    await furnish(db);
  });
  beforeEach(() => clear(db));
  afterAll(() => folder.remove());

  const run = (...args: string[]) => runImport(db.url, [file, ...args]);
  const json = async (...args: string[]) => {
    const { stdout, stderr, status } = await run("--json", ...args);
    expect(stdout, stderr).toMatch(/^\{/);
    return { status, ...JSON.parse(stdout) };
  };
  const states = async () =>
    (
      await db.owner<{ region: string }[]>`
        select w.region from flyahead.forecast_state s join flyahead.worker_regions w on w.id = s.pool_id order by 1`
    ).map(({ region }) => region);

  it("stores every minute with all that was measured, makes the rollups, and has the pool's forecaster learn anew", async () => {
    await db.owner`insert into flyahead.forecast_state (pool_id, hot, saved_at) select id, '{}', now() from flyahead.worker_regions`;
    writeCsv(file, "at,region,requests,errors,p95_latency_ms,cpu,memory,disk,concurrency,queue_depth,note", [
      '2026-11-01T00:00:00Z,fra,412,3,180.5,0.5,0.25,0.75,12,7,"a, ""quoted"" note"',
      "2026-11-01T00:01:00Z,fra,0,,,,,,,,",
      ...minuteRows("2026-11-01T23:00:00Z", 120).map((row) => `${row},,,,,,,,`),
    ]);
    const { status, stdout, stderr } = await run("--app", "shop");
    expect(stderr).toMatch(/Columns that are not read: note/);
    expect(stdout).toBe(
      "Done: 122 rows of 1 pool, 2026-11-01T00:00:00Z to 2026-11-02T00:59:00Z\n" +
        "122 minutes taken: 122 new, 0 replaced, 0 unchanged; 0 refused\n",
    );
    expect(status).toBe(0);
    const [full] =
      await db.owner`select requests, errors, p95_latency_ms, cpu, memory, disk, concurrency, queue_depth
      from flyahead.traffic_samples where at = '2026-11-01 00:00+00'`;
    expect(full).toEqual({
      ...{ requests: 412, errors: 3, p95_latency_ms: 180.5, cpu: 0.5, memory: 0.25, disk: 0.75 },
      ...{ concurrency: 12, queue_depth: 7 },
    });
    expect(await storedMinutes(db.owner)).toHaveLength(122);
    expect(await rollupFaults(db.owner)).toEqual([]);
    expect(await states()).toEqual(["iad"]);
  });

  it("answers the same when the same file comes again, and replaces what a corrected one says anew", async () => {
    writeCsv(file, "at,region,requests", minuteRows("2026-10-30T00:00:00Z", 3_000));
    expect(await json("--app", "shop")).toMatchObject({ status: 0, taken: 3_000, replaced: 0, unchanged: 0 });
    const before = await storedMinutes(db.owner);
    await db.owner`insert into flyahead.forecast_state (pool_id, hot, saved_at) select id, '{}', now() from flyahead.worker_regions`;
    expect(await json("--app", "shop")).toMatchObject({
      ...{ status: 0, taken: 3_000, replaced: 0, unchanged: 3_000, refused: 0 },
    });
    expect(await storedMinutes(db.owner)).toEqual(before);
    expect(await states()).toEqual(["fra", "iad"]);
    writeCsv(
      file,
      "at,region,requests",
      minuteRows("2026-10-31T00:00:00Z", 10, "fra", () => 7),
    );
    expect(await json("--app", "shop")).toMatchObject({ taken: 10, replaced: 10, unchanged: 0 });
    expect((await storedMinutes(db.owner)).slice(1_439, 1_451).map(({ requests }) => requests)).toEqual([
      ...[1_439, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1_450],
    ]);
    expect(await rollupFaults(db.owner)).toEqual([]);
    expect(await states()).toEqual(["iad"]);
  });

  it("refuses bad lines with their numbers and reasons, keeps the good ones, and exits with 1", async () => {
    writeCsv(file, "at,region,requests,cpu", [
      ...[
        "2026-11-01T00:00:00Z,fra,1,0.1",
        "2026-11-01T00:01:00Z,fra,many,0.1",
        "2026-11-01T00:02:00Z,fra,3",
      ],
      ...[
        "2026-11-01 00:03:00,fra,4,0.1",
        "2026-11-01T00:04:00Z,fra,-5,0.1",
        "2026-11-01T00:05:00Z,fra,6,60",
      ],
      ...[
        "2027-01-01T00:00:00Z,fra,7,0.1",
        '2026-11-01T00:07:00Z,"fra,8,0.1',
        "2026-11-01T00:08:00Z,nrt,9,0.1",
      ],
      ...[
        "2026-11-01T00:09:00Z,nrt,10,0.1",
        "2026-11-01T00:10:00Z,fra,,0.1",
        "1972-01-01T00:00:00Z,fra,12,0.1",
      ],
      ...[
        "2026-11-01T00:12:00Z,f r a,13,0.1",
        "2026-11-01T00:13:00Z,fra,14,0.1",
        "2026-11-01T00:13:00Z,fra,15,0.1",
      ],
    ]);
    const { status, stdout } = await run("--app", "shop");
    expect(status).toBe(1);
    for (const line of [
      /1 × requests is no number, like "many" \(line 3\)$/m,
      /1 × the line does not have the header's 4 cells, like "3" \(line 4\)$/m,
      /1 × at does not tell its time zone; .*like "2026-11-01 00:03:00" \(line 5\)$/m,
      /1 × requests is not between 0 and 1e12 \(line 6\)$/m,
      /1 × cpu is no share between 0 and 1 \(line 7\)$/m,
      /1 × at is in the future; is its unit right\? \(line 8\)$/m,
      /1 × a quote is never closed \(line 9\)$/m,
      /2 × no pool shop\/app@nrt: a first tick finds pools .* --create-pools makes them \(lines 10, 11\)$/m,
      /1 × requests is missing; .* \(line 12\)$/m,
      /1 × at is more than 10 years ago; .* \(line 13\)$/m,
      /1 × region is missing or no name of a region \(line 14\)$/m,
      /1 × another row of the same pool and minute counts/m,
      /^2 minutes taken: 2 new, 0 replaced, 0 unchanged; 13 refused$/m,
    ])
      expect(stdout).toMatch(line);
    expect((await storedMinutes(db.owner)).map(({ requests }) => requests)).toEqual([1, 15]);
  });

  it("--strict stores nothing where one row is refused, also one that only its neighbours tell", async () => {
    const rows = minuteRows("2026-11-01T00:00:00Z", 5);
    for (const fault of [
      "2026-11-01T00:09:00Z,fra,many",
      "2026-11-01T00:00:00Z,fra,9",
      "2026-11-01T00:00:00Z,nrt,9",
    ]) {
      writeCsv(file, "at,region,requests", [...rows, fault]);
      const { status, stdout } = await run("--app", "shop", "--strict");
      expect(stdout).toMatch(/^Nothing was written: 6 rows\n0 minutes taken[^\n]*; 1 refused\n {2}1 × /);
      expect(status).toBe(1);
      expect(await storedMinutes(db.owner)).toEqual([]);
    }
    writeCsv(file, "at,region,requests", rows);
    expect(await json("--app", "shop", "--strict")).toMatchObject({ status: 0, taken: 5 });
  });

  it("--dry-run tells what would be, and writes nothing, no pool and no partition either", async () => {
    writeCsv(file, "at,region,requests", [
      ...minuteRows("2026-11-01T00:00:00Z", 5),
      ...minuteRows("2026-09-01T00:00:00Z", 5, "nrt"),
    ]);
    const parts = () => db.owner`select part from flyahead.sample_parts()`;
    const before = await parts();
    expect(await json("--app", "shop", "--dry-run", "--create-pools")).toMatchObject({
      ...{ status: 0, dryRun: true, taken: 10, refused: 0, newPools: ["shop/app@nrt"] },
    });
    expect(await storedMinutes(db.owner)).toEqual([]);
    expect(await parts()).toEqual(before);
    expect(await db.owner`select from flyahead.worker_regions where region = 'nrt'`).toHaveLength(0);
  });

  it("--create-pools makes pools that nobody knows, in mode advise", async () => {
    writeCsv(file, "at,app,region,process_group,requests", [
      "2026-11-01T00:00:00Z,blog,nrt,web,1",
      "2026-11-01T00:00:00Z,blog,syd,,2",
    ]);
    const { status, stdout } = await run("--create-pools");
    expect(stdout).toMatch(/^New, in mode advise: blog\/web@nrt, blog\/app@syd$/m);
    expect(status).toBe(0);
    const pools =
      await db.owner`select app, region, process_group, mode from flyahead.worker_regions where app = 'blog' order by region`;
    expect([...pools]).toEqual([
      { app: "blog", region: "nrt", process_group: "web", mode: "advise" },
      { app: "blog", region: "syd", process_group: "app", mode: "advise" },
    ]);
    expect(await storedMinutes(db.owner)).toHaveLength(2);
  });

  it("spreads wide bins evenly over their minutes, over midnight too, and keeps the sum", async () => {
    writeCsv(file, "at,requests,errors,cpu", [
      "2026-11-01T23:30:00Z,600,60,0.5",
      "2026-11-02T00:30:00Z,1200,0,0.25",
    ]);
    expect(await json("--app", "shop", "--region", "fra", "--bin-seconds", "3600")).toMatchObject({
      taken: 120,
    });
    const minutes = await storedMinutes(db.owner);
    expect(minutes.map(({ requests }) => requests)).toEqual([
      ...Array.from({ length: 60 }, () => 10),
      ...Array.from({ length: 60 }, () => 20),
    ]);
    expect([minutes[0]?.at, minutes[119]?.at]).toEqual(["2026-11-01T23:30:00Z", "2026-11-02T01:29:00Z"]);
    const [sums] =
      await db.owner`select sum(errors) as errors, max(cpu) as cpu from flyahead.traffic_samples`;
    expect(sums).toEqual({ errors: 60, cpu: 0.5 });
    expect(await rollupFaults(db.owner)).toEqual([]);
  });

  it("adds up bins of less than a minute, wherever in the file they stand", async () => {
    const start = Date.parse("2026-11-01T23:59:00Z");
    const rows = Array.from(
      { length: 12 },
      (_, i) => `${formatInstant(start + i * 10_000)},${i},${i},0.${i % 2}`,
    );
    writeCsv(file, "at,requests,p95_latency_ms,cpu", [
      ...rows.slice(7),
      ...rows.slice(0, 7),
      "2026-11-01T23:59:00Z,100,,",
    ]);
    expect(await json("--app", "shop", "--region", "fra", "--bin-seconds", "10")).toMatchObject({
      taken: 2,
      refused: 0,
    });
    expect((await storedMinutes(db.owner)).map(({ requests }) => requests)).toEqual([115, 51]);
    const [high] =
      await db.owner`select max(p95_latency_ms) as latency, avg(cpu)::real as cpu from flyahead.traffic_samples`;
    expect(high).toEqual({ latency: 11, cpu: expect.closeTo(0.05) });
  });

  it("local times of both nights when clocks change: no minute lost, none doubled", async () => {
    const wall = new Intl.DateTimeFormat("sv-SE", {
      dateStyle: "short",
      timeStyle: "medium",
      timeZone: "Europe/Berlin",
    });
    const days = ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"];
    const instants = days.flatMap((day) =>
      Array.from({ length: 1_440 }, (_, i) => Date.parse(day) + i * MINUTE_MS),
    );
    writeCsv(file, "at;requests", [
      ...instants.map((at, i) => `${wall.format(at)};${i}`),
      "2026-03-29 02:30:00;1",
    ]);
    const args = ["--app", "shop", "--region", "fra", "--delimiter", ";", "--time-zone", "Europe/Berlin"];
    expect(await json(...args)).toMatchObject({
      ...{ status: 1, taken: 2_880, refused: 1 },
      refusals: { "at does not exist in Europe/Berlin: clocks were put forward over it": { lines: [2_882] } },
    });
    expect((await storedMinutes(db.owner)).map(({ at, requests }) => [at, requests])).toEqual(
      instants.map((at, i) => [formatInstant(at), i]),
    );
  });

  it("history older than keep_samples leaves its rollups, and its days are not rolled up anew from a part of them", async () => {
    const old = formatInstant(Date.parse(NOW) - 120 * DAY_MS).slice(0, 10);
    const rows = minuteRows(`${old}T00:00:00Z`, 600, "fra", () => 10);
    writeCsv(file, "at,region,requests", rows);
    await json("--app", "shop");
    const rollups = () => db.owner`select at, minutes, requests, peak from flyahead.traffic_1h order by at`;
    const before = await rollups();
    expect(before).toHaveLength(10);
    // While the samples are there, the rest of an hour may still come.
    writeCsv(
      file,
      "at,region,requests",
      minuteRows(`${old}T09:58:00Z`, 4, "fra", () => 11),
    );
    expect(await json("--app", "shop")).toMatchObject({ status: 0, taken: 4, replaced: 2 });
    await db.owner`select flyahead.keep_storage()`;
    expect(await storedMinutes(db.owner)).toEqual([]);
    const kept = await rollups();
    expect(kept.map(({ minutes }) => minutes)).toEqual([60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 2]);
    writeCsv(file, "at,region,requests", [...rows, `${old}T10:05:00Z,fra,5`, `${old}T12:00:00Z,fra,6`]);
    expect(await json("--app", "shop")).toMatchObject({
      ...{ status: 1, taken: 1, refused: 601 },
      refusals: { "older than keep_samples, and of this hour only the rollups are left": { times: 601 } },
    });
    expect(await rollups()).toEqual([...kept, expect.objectContaining({ minutes: 1, requests: 6 })]);
    const [day] = await db.owner`select minutes, requests from flyahead.traffic_1d`;
    expect(day).toEqual({ minutes: 603, requests: 6_030 });
    // As docs/import.md has it: who deletes the rollups may import the hours anew.
    await db.owner`delete from flyahead.traffic_1h`;
    expect(await json("--app", "shop")).toMatchObject({ taken: 0, refused: 602 });
    await db.owner`delete from flyahead.traffic_1d`;
    expect(await json("--app", "shop")).toMatchObject({ status: 0, taken: 602, unchanged: 1 });
  });

  it("a killed import leaves whole days and no rubbish, and goes on when it is started again", async () => {
    const rows = Array.from({ length: 8 }, (_, day) =>
      minuteRows(`2026-10-0${day + 1}T00:00:00Z`, 1_440, "fra", (i) => i + day),
    ).flat();
    writeCsv(file, "at,region,requests", rows);
    const killed = await runImport(db.url, [file, "--app", "shop"], {
      onStderr: (soFar, kill) => {
        if (/loaded, up to/.test(soFar)) kill();
      },
    });
    expect(killed.status).toBe(null);
    await until(
      async () =>
        (await db.owner`select from pg_stat_activity where application_name = 'flyahead import'`).length ===
        0,
    );
    const left = await storedMinutes(db.owner);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length % 1_440).toBe(0);
    expect(await rollupFaults(db.owner)).toEqual([]);
    expect(await json("--app", "shop")).toMatchObject({
      status: 0,
      taken: rows.length,
      unchanged: left.length,
    });
    expect((await storedMinutes(db.owner)).map(({ at, requests }) => `${at},fra,${requests}`)).toEqual(rows);
    expect(await rollupFaults(db.owner)).toEqual([]);
  });

  it("takes 200,000 lines, with progress", async () => {
    const minutes = 100_000;
    const [fra, iad] = ["fra", "iad"].map((region) =>
      minuteRows("2026-08-20T00:00:00Z", minutes, region, (i) => i % 977),
    );
    writeCsv(
      file,
      "at,region,requests",
      fra!.flatMap((row, i) => [row, iad![i]!]),
    );
    const { status, stdout, stderr } = await run("--app", "shop");
    expect(stdout).toMatch(/^Done: 200,000 rows of 2 pools[^\n]*\n200,000 minutes taken: 200,000 new/);
    expect(stderr).toMatch(
      / 5\d % {2}read, [\s\S]*100 % {2}read, 200,000 rows\n[\s\S]* 100 % {2}loaded, up to 2026-10-28/,
    );
    expect(status).toBe(0);
    const [total] =
      await db.owner`select count(*)::integer as minutes, sum(requests) as requests from flyahead.traffic_samples`;
    const requests = 2 * fra!.reduce((sum, _, i) => sum + (i % 977), 0);
    expect(total).toEqual({ minutes: 2 * minutes, requests });
    expect(await rollupFaults(db.owner)).toEqual([]);
  }, 180_000);

  describe("says in a sentence, without a stack trace, what is wrong", () => {
    it("with the file", async () => {
      const faults: [string, string[], RegExp][] = [
        ["", [], /is empty; its first line must name the columns/],
        [
          "time,requests\n",
          ["--app", "shop", "--region", "fra"],
          /There is no column at\. The header has: time, requests/,
        ],
        [
          "at,requests\n",
          ["--app", "shop", "--region", "fra"],
          /Nothing was imported: the file has a header and no rows/,
        ],
      ];
      for (const [stdin, args, why] of faults) {
        const { status, stderr } = await runImport(db.url, ["-", ...args], { stdin });
        expect(stderr).toMatch(why);
        expect(stderr).not.toMatch(/^ +at /m);
        expect(status).toBe(1);
      }
      const missing = await runImport(db.url, [join(folder.path, "none.csv")]);
      expect(missing.stderr).toMatch(/^Cannot read .*none\.csv: ENOENT\. Is the path right\?$/m);
    });

    it("with the database: none, one without flyahead, the functions' own role", async () => {
      writeCsv(file, "at,region,requests", minuteRows("2026-11-01T00:00:00Z", 1));
      const empty = await open({ migrations: null });
      const faults: [string | null, RegExp][] = [
        [null, /^Which database\? Set DATABASE_URL/m],
        [empty.url, /^Cannot import into .*Is it up to date\? npm run migrate$/m],
        [db.serviceUrl, /^Cannot import into .*History is imported by the owner of the database/m],
      ];
      for (const [url, why] of faults) {
        const { status, stderr } = await runImport(url, [file, "--app", "shop"]);
        expect(stderr).toMatch(why);
        expect(stderr).not.toMatch(/^ +at /m);
        expect(status).toBe(1);
      }
    });
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isSo()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("It did not come about within 10 s.");
}
