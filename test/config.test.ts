import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../src/config.ts";
import { DEFAULT_RULES } from "../src/core/rules.ts";

const NEEDED = {
  DATABASE_URL: "postgres://user:word@db.example.com:5432/flyahead",
  REDIS_URL: "https://redis.example",
  REDIS_TOKEN: "redis-word",
  FLY_API_TOKEN: "fm2_fly-word",
  FLY_APPS: "shop, blog",
};

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("readConfig", () => {
  it("needs five variables and defaults the rest", () => {
    const config = readConfig(NEEDED);
    expect(config.apps).toEqual(["shop", "blog"]);
    expect(config.mode).toBe("advise");
    expect(config.tick.cadenceMs).toBe(900_000);
    expect(config.tick.defaultPolicy).toMatchObject({
      minWorkers: 1,
      maxWorkers: 10,
      requestsPerWorker: 500,
      cooldownSeconds: 300,
    });
    expect(config.simulationUrl).toBeNull();
  });

  it("ships with rules none of which delays growth", () => {
    const { defaultPolicy } = readConfig(NEEDED).tick;
    expect(defaultPolicy).toMatchObject(DEFAULT_RULES);
    expect(defaultPolicy).toMatchObject({
      staleHoldSeconds: 0,
      capFactor: 0,
      budgetMachineHours: 0,
      budgetUsd: 0,
      growStepWorkers: 0,
      growStepShare: 0,
      growCooldownSeconds: 0,
      lowConfidence: 0,
    });
  });

  it("takes percentages as shares, and wishes that are left open as none", () => {
    const { defaultPolicy } = readConfig({
      ...NEEDED,
      GROW_STEP_PERCENT: "150",
      SHRINK_BAND_PERCENT: "2.5",
      FLOOR_WORKERS: "3",
      KEEP_CREATED: "0",
      KEEP_MIN_RUNNING: "true",
      SCHEDULE: "mon-fri 08:00-18:00 min 4",
    }).tick;
    expect(defaultPolicy).toMatchObject({
      growStepShare: 1.5,
      shrinkBand: 0.025,
      floorWorkers: 3,
      keepCreated: 0,
      keepMinRunning: true,
    });
    expect(readConfig(NEEDED).tick.defaultPolicy.keepMinRunning).toBe(false);
    expect(defaultPolicy.schedule).toBe("mon-fri 08:00-18:00 min 4");
  });

  it("takes Supabase's and Upstash's own names where ours are not set", () => {
    const { DATABASE_URL, REDIS_URL, REDIS_TOKEN, ...rest } = NEEDED;
    const config = readConfig({
      ...rest,
      SUPABASE_DB_URL: DATABASE_URL,
      UPSTASH_REDIS_REST_URL: REDIS_URL,
      UPSTASH_REDIS_REST_TOKEN: REDIS_TOKEN,
    });
    expect(config.databaseUrl).toBe(DATABASE_URL);
    expect(config.redis).toEqual({ url: REDIS_URL, token: REDIS_TOKEN });
  });

  it("asks a forecaster outside only where its address is set", () => {
    expect(readConfig({ ...NEEDED, EXPERTS_TOKEN: "word", EXPERTS_URL: " " }).experts).toBeNull();
    expect(readConfig({ ...NEEDED, TICK_DEADLINE_SECONDS: "2" }).experts).toBeNull();
    const url = "https://experts.example/ask";
    expect(readConfig({ ...NEEDED, EXPERTS_URL: url }).experts).toEqual({
      url,
      token: null,
      deadlineMs: 5_000,
    });
    expect(
      readConfig({
        ...NEEDED,
        EXPERTS_URL: url,
        EXPERTS_TOKEN: "word",
        EXPERTS_DEADLINE_SECONDS: "9",
      }).experts,
    ).toEqual({ url, token: "word", deadlineMs: 9_000 });
  });

  it("reports all faults together, by name and never by value", () => {
    const faults = faultsOf({
      REDIS_TOKEN: "secret-word",
      CADENCE_MINUTES: "7",
      TIME_ZONE: "Mars/Olympus",
      FLY_APPS: "No Good!",
    });
    expect(faults.map((fault) => fault.split(" ")[0])).toEqual(
      expect.arrayContaining([
        "DATABASE_URL",
        "REDIS_URL",
        "FLY_API_TOKEN",
        "FLY_APPS",
        "CADENCE_MINUTES",
        "TIME_ZONE",
      ]),
    );
    expect(faults.join()).toContain("CADENCE_MINUTES should be 1, 5 or 15");
    expect(faults.join()).not.toMatch(/secret-word|Olympus|No Good/);
  });

  it.each([
    [{ MIN_WORKERS_PER_REGION: "5", MAX_WORKERS_PER_REGION: "4" }, "MIN_WORKERS_PER_REGION"],
    [{ LEASE_SECONDS: "100" }, "LEASE_SECONDS"],
    [{ EXPERTS_URL: "http://experts.example.com/ask" }, "EXPERTS_URL"],
    [{ EXPERTS_DEADLINE_SECONDS: "0" }, "EXPERTS_DEADLINE_SECONDS"],
    [
      { EXPERTS_URL: "https://experts.example", EXPERTS_DEADLINE_SECONDS: "20", TICK_DEADLINE_SECONDS: "30" },
      "EXPERTS_DEADLINE_SECONDS",
    ],
    [{ SCHEDULE: "mon-fri 08:00 min 4" }, "SCHEDULE"],
    [{ SHRINK_STEP_PERCENT: "101" }, "SHRINK_STEP_PERCENT"],
    [{ LOW_CONFIDENCE: "20" }, "LOW_CONFIDENCE"],
    [{ KEEP_CREATED: "-1" }, "KEEP_CREATED"],
    [{ KEEP_MIN_RUNNING: "yes" }, "KEEP_MIN_RUNNING"],
    [{ SHORT_MINUTES_PERCENT: "0" }, "SHORT_MINUTES_PERCENT"],
    [{ UNSERVED_PRICE: "1" }, "UNSERVED_PRICE"],
    [{ REQUESTS_PER_WORKER: "0" }, "REQUESTS_PER_WORKER"],
    [{ SIMULATION_URL: "https://sim.example.com" }, "SIMULATION_URL"],
    [{ SIMULATION_URL: "http://127.0.0.1.example.com" }, "SIMULATION_URL"],
    [{ DATABASE_URL: "mysql://there" }, "DATABASE_URL"],
  ])("refuses %o", (changes, name) => {
    const faults = faultsOf({ ...NEEDED, ...changes });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${name} should be`);
  });

  it("has no source of metrics unless it is named, and takes its queries as JSON of field to text", () => {
    expect(readConfig(NEEDED).prometheus).toBeNull();
    const url = "https://api.fly.io/prometheus/personal";
    expect(readConfig({ ...NEEDED, PROMETHEUS_URL: url }).prometheus).toEqual({
      url,
      token: null,
      queries: [],
    });
    const text = JSON.stringify({ queueDepth: "sum by (region) (waiting)", "requests:jobs": "done" });
    const all = { PROMETHEUS_URL: url, PROMETHEUS_TOKEN: "fm2_word", PROMETHEUS_QUERIES: text };
    expect(readConfig({ ...NEEDED, ...all }).prometheus).toEqual({
      ...{ url, token: "fm2_word" },
      queries: [
        { field: "queueDepth", processGroup: null, text: "sum by (region) (waiting)" },
        { field: "requests", processGroup: "jobs", text: "done" },
      ],
    });
  });

  it.each(["{", "[]", '{"speed": "up"}', '{"cpu:no good": "up"}', '{"cpu": ""}', '"up"'])(
    "refuses %s as queries, by name and not by value",
    (PROMETHEUS_QUERIES) => {
      const [fault, ...others] = faultsOf({ ...NEEDED, PROMETHEUS_QUERIES });
      expect(fault).toMatch(/^PROMETHEUS_QUERIES should be JSON like/);
      expect(others).toEqual([]);
    },
  );

  describe("every URL", () => {
    const at = (name: string, host: string, scheme = "https") =>
      faultsOf({ ...NEEDED, [name]: `${name === "DATABASE_URL" ? "postgres" : scheme}://${host}/x` });
    const NAMES = [
      ...["DATABASE_URL", "REDIS_URL", "FLY_API_URL", "PROMETHEUS_URL", "EXPERTS_URL", "HEARTBEAT_URL"],
    ];

    it.each(NAMES)("%s is refused where it points inward, with what to do", (name) => {
      for (const host of ["127.0.0.1:9", "localhost", "[::1]:80", "2130706433", "0x7f.1"])
        expect(at(name, host)).toEqual([
          expect.stringMatching(
            `^${name} should be .*; it points to this machine, which needs LOCAL_MODE=true$`,
          ),
        ]);
      for (const host of [
        "10.1.2.3",
        "192.168.0.9:6379",
        "db",
        "redis.internal",
        "[fdaa::3]",
        "[::ffff:10.0.0.1]",
      ])
        expect(at(name, host)).toEqual([
          expect.stringMatching(/; it points into a private network, which needs LOCAL_MODE=true$/),
        ]);
      for (const host of ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:a9fe:a9fe]", "2852039166"])
        expect(at(name, host)).toEqual([
          expect.stringMatching(/; it points to a link-local or reserved address/),
        ]);
    });

    it.each(NAMES)(
      "%s may point inward in local mode and in a simulation, but never to a link-local address",
      (name) => {
        const scheme = name === "DATABASE_URL" ? "postgres" : "http";
        for (const mode of [{ LOCAL_MODE: "true" }, { SIMULATION_URL: "http://127.0.0.1:7" }]) {
          for (const host of ["127.0.0.1:9", "10.1.2.3", "redis.internal"])
            readConfig({ ...NEEDED, ...mode, [name]: `${scheme}://${host}/x` });
          expect(faultsOf({ ...NEEDED, ...mode, [name]: `${scheme}://169.254.169.254/x` })).toHaveLength(1);
        }
      },
    );

    it.each([
      "db.example,169.254.169.254",
      "db.example%2C169.254.169.254",
      "user:word@169.254.169.254,x@db.example",
    ])("one host is named, and that one is checked: %s", (host) => {
      expect(at("DATABASE_URL", host)).toEqual([expect.stringMatching(/; it names several hosts/)]);
    });

    it("a password may hold what is written as it should be", () => {
      readConfig({ ...NEEDED, DATABASE_URL: "postgres://user:a%40b,c%25@db.example/x" });
      expect(at("DATABASE_URL", "user:50%@db.example")).toEqual([expect.stringMatching(/%25 for %/)]);
    });

    it("outside it is https, in local mode too, and bears no password", () => {
      expect(at("REDIS_URL", "redis.example", "http")).toEqual([
        expect.stringMatching(/; outside it must be https$/),
      ]);
      const local = { ...NEEDED, LOCAL_MODE: "true", REDIS_URL: "http://redis.example" };
      expect(faultsOf(local)).toEqual([expect.stringMatching(/outside it must be https/)]);
      const [fault] = at("FLY_API_URL", "user:hidden-word@api.example");
      expect(fault).toMatch(/holds a user or a password/);
      expect(fault).not.toMatch(/hidden-word/);
    });

    it.each([
      "ftp://x.example",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "data:,x",
      "redis.example",
      "https://",
    ])("%s is none", (url) => {
      expect(faultsOf({ ...NEEDED, REDIS_URL: url })).toEqual([
        expect.stringMatching(/^REDIS_URL should be/),
      ]);
    });
  });

  it("takes an empty variable as one that is not set", () => {
    expect(readConfig({ ...NEEDED, HEARTBEAT_URL: "", CADENCE_MINUTES: " " }).heartbeatUrl).toBeNull();
  });
});

describe(".env.example", () => {
  it("holds every variable, each with a sentence before it, and its defaults are the ones that are used", async () => {
    const text = await readFile(new URL("../.env.example", import.meta.url), "utf8");
    const lines = text.split("\n");
    const given = Object.fromEntries(
      lines
        .filter((line) => /^[A-Z_]+=/.test(line))
        .map((line) => [line.split("=")[0]!, line.slice(line.indexOf("=") + 1)]),
    );
    expect(Object.keys(given).sort()).toEqual([...(await namesInConfig())].sort());
    const defaults = Object.fromEntries(Object.entries(given).filter(([name]) => !(name in NEEDED)));
    expect(readConfig({ ...NEEDED, ...defaults })).toEqual(readConfig(NEEDED));
  });
});

/** The variables that src/config.ts explains: its EXPECTED table has one line for each. */
async function namesInConfig(): Promise<Set<string>> {
  const text = await readFile(new URL("../src/config.ts", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("const EXPECTED"), text.indexOf("export type Config"));
  return new Set([...table.matchAll(/^ {2}([A-Z_]+):/gm)].map((match) => match[1]!));
}
