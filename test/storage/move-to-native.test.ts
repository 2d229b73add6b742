// The move from a hypertable to native partitions, run as people run it: a script in a process of its own, on a database that
// others write to meanwhile, and killed. A plain Map says what must be there in the end.
import { beforeEach, expect, it } from "vitest";
import { connectPostgres } from "../../src/adapters/postgres/connect.ts";
import { schemaText } from "../migrations/schema-text.ts";
import { type Ended, type RunOptions, runScript } from "../scripts/installed.ts";
import {
  type Database,
  describeOnEveryDatabase,
  describeOnTimescale,
  type OpenDatabase,
} from "../support/databases.ts";
import { daysUntil, furnish, hourly, type Sample, setSetting, store, stored } from "./fixture.ts";

const DAYS = daysUntil("2026-03-10", 12);

function move(db: Database, args: string[] = [], options: RunOptions = {}): Promise<Ended> {
  return runScript("move-to-native.ts", args, { ...options, env: { DATABASE_URL: db.url } });
}

const mode = async (db: Database) => (await db.owner`select flyahead.storage_mode() as mode`)[0]?.mode;
const killAt = (text: string): RunOptions => ({
  onStderr: (soFar, kill) => {
    if (soFar.includes(text)) kill("SIGKILL");
  },
});

/** The day changes with each n, and a minute comes again after two hours of each day. */
const instantOf = (n: number) => {
  const day = DAYS[(n + 10 * DAYS.length) % DAYS.length];
  const minute = 60 + (Math.floor((n + 10 * DAYS.length) / DAYS.length) % 120);
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  return `${day}T0${hours}:${String(minutes).padStart(2, "0")}:01Z`;
};

/** Does `work` while somebody who does not know of it writes, changes and deletes samples, in the database and the model. */
async function whileWriting(
  db: Database,
  model: Map<string, Sample>,
  work: () => Promise<void>,
): Promise<void> {
  let goesOn = true;
  const write = async () => {
    for (let n = 0; goesOn; n += 1) {
      const samples = ["fra", "iad"].map((region) => ({ region, at: instantOf(n), requests: n }));
      await store(db.asService, samples);
      for (const sample of samples) model.set(`${sample.region} ${sample.at}`, sample);

      const gone = instantOf(n - 18);
      await db.asService`delete from flyahead.traffic_samples where at = ${gone}`;
      for (const region of ["fra", "iad"]) model.delete(`${region} ${gone}`);

      const changed = `${DAYS[(n + 5) % DAYS.length]}T09:00:00Z`;
      await db.asService`update flyahead.traffic_samples set requests = ${n} where at = ${changed}`;
      const before = model.get(`iad ${changed}`);
      if (before) model.set(`iad ${changed}`, { ...before, requests: n });
    }
  };
  const writing = write();
  try {
    await work();
  } finally {
    goesOn = false;
    await writing;
  }
}

const sorted = (model: Map<string, Sample>) =>
  [...model.values()].sort((a, b) => a.region.localeCompare(b.region) || a.at.localeCompare(b.at));

/** A database with 12 days of samples, those older than a week compressed where it can be. */
async function filled(open: OpenDatabase): Promise<{ db: Database; model: Map<string, Sample> }> {
  const db = await open();
  await furnish(db);
  const samples = hourly(DAYS);
  await store(db.asService, samples);
  await db.asService`select flyahead.keep_storage()`;
  expect(await mode(db)).toBe(db.mode);
  return { db, model: new Map(samples.map((sample) => [`${sample.region} ${sample.at}`, sample])) };
}

const contents = async ({ owner }: Database) => [
  ...(await owner`select * from flyahead.traffic_samples order by pool_id, at`),
];

describeOnEveryDatabase("move-to-native", (open) => {
  it("moves every sample, says what comes next, and has nothing to do the second time", async () => {
    const { db } = await filled(open);
    const native = db.mode === "native";
    const before = await contents(db);
    const { status, stdout, stderr } = await move(db);
    expect(status, stderr).toBe(0);
    if (!native) {
      expect(stdout).toMatch(/^Moved: 288 samples of 12 days[\s\S]*drop extension timescaledb;/);
      expect(stderr).toContain("copied 2026-02-28: 24 samples (2 of 12 days)\n");
    }
    expect(await mode(db)).toBe("native");
    expect(await contents(db)).toEqual(before);
    expect((await move(db)).stdout).toBe("The samples are in native partitions already; nothing to do.\n");
  });
});

describeOnTimescale("move-to-native", (open) => {
  let db: Database;
  let model: Map<string, Sample>;
  beforeEach(async () => {
    ({ db, model } = await filled(open));
  });

  it("makes the schema that the migrations make where there is no TimescaleDB, and drops the extension", async () => {
    await move(db);
    await db.owner`drop extension timescaledb`;
    const fresh = await open({ timescale: false });
    await furnish(fresh);
    await fresh.asService`select flyahead.keep_storage()`;
    expect(await mode(fresh)).toBe("native");
    // A view that was made again from its own text names a constant's column, which nobody sees, by its type.
    const text = async ({ owner }: Database) =>
      (await schemaText(owner)).replaceAll("::text AS text,", "::text,");
    expect(await text(db)).toBe(await text(fresh));
    expect(await names(db)).toEqual(await names(fresh));
  });

  it("leaves upkeep, writers and views at work, also without the extension", async () => {
    await move(db);
    await db.owner`drop extension timescaledb`;
    // A new session: one that was open may fail once at TimescaleDB's own leftovers (seen with 2.16.1).
    const service = connectPostgres(db.serviceUrl);
    await store(service, [{ region: "fra", at: "2026-03-12T00:00:00Z", requests: 1 }]);
    await setSetting(db.owner, "simulated_now", "2026-05-31T12:00:00Z");
    const [row] = await service`select flyahead.keep_storage() as kept`;
    await service.end();
    expect(row?.kept).toMatchObject({ mode: "native", created: 5, dropped: 1, failed: [], waiting: [] });
    const [status] = await db.owner`select * from flyahead_api.storage_status`;
    expect(status).toMatchObject({ mode: "native", timescale_version: null });
    await setSetting(db.owner, "simulated_now", "2026-03-12T12:00:00Z");
    const [region] = await db.owner`select load from flyahead_api.region_status where region = 'fra'`;
    expect(region).toEqual({ load: 1 });
  });

  it("keeps what others write meanwhile, killed between days and at the swap", async () => {
    await whileWriting(db, model, async () => {
      expect((await move(db, [], killAt("(3 of 12 days)"))).status).toBeNull();
      expect(await mode(db)).toBe(db.mode);

      // A reader keeps the swap from its lock; there the second try is killed.
      await db.owner.begin(async (reader) => {
        await reader`select count(*) from flyahead.traffic_samples`;
        const killed = await move(db, [], killAt("waiting to swap"));
        expect(killed.status).toBeNull();
        expect(killed.stderr).toContain("going on with a move that was begun");
        expect(killed.stderr).not.toContain("copied 2026-02-27");
      });
      expect(await mode(db)).toBe(db.mode);

      const { status, stderr } = await move(db);
      expect(status, stderr).toBe(0);
      expect(await mode(db)).toBe("native");
    });
    expect(await stored(db.owner)).toEqual(sorted(model));
  });

  it("keeps upkeep from dropping and compressing while it is under way", async () => {
    await move(db, [], killAt("(1 of 12 days)"));
    await setSetting(db.owner, "simulated_now", "2026-06-10T12:00:00Z");
    const [row] = await db.asService`select flyahead.keep_storage() as kept`;
    expect(row?.kept).toMatchObject({
      dropped: 0,
      compressed: 0,
      waiting: ["the move to native partitions"],
    });
  });

  it("swaps nothing where the tables differ, says where, and copies that day anew the next time", async () => {
    await move(db, [], killAt("(4 of 12 days)"));
    // What goes past the trigger: another value in the copy, and a day dropped whole.
    await db.owner`update flyahead.traffic_samples_native set requests = 5 where at = '2026-03-01 05:00+00'`;
    await db.owner`insert into flyahead.storage_move_touched values ('2026-03-01')`;
    await db.owner`select drop_chunks('flyahead.traffic_samples', older_than => timestamptz '2026-02-28')`;
    const before = await contents(db);
    const { status, stdout, stderr } = await move(db);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain("2026-02-27 (0 samples in the hypertable, 24 in the partitions)");
    expect(stderr).toContain(
      "2026-03-01 (24 samples in the hypertable, 24 in the partitions, with other values)",
    );
    expect(stderr).toContain("The hypertable is in use as before");
    expect(await mode(db)).toBe(db.mode);
    expect((await move(db)).status).toBe(0);
    expect(await contents(db)).toEqual(before);
  });

  it("can be taken back, and begun again", async () => {
    await move(db, [], killAt("(4 of 12 days)"));
    const abandoned = await move(db, ["--abandon"]);
    expect(abandoned.stdout).toBe(`Taken back: the samples stay in mode ${db.mode}.\n`);
    expect((await move(db, ["--abandon"])).stdout).toBe("No move was begun; nothing to do.\n");
    const left = await db.owner`select relname from pg_class where relnamespace = 'flyahead'::regnamespace
        and (relname like 'storage_move%' or relname like 'traffic_samples\_%') and relkind in ('r', 'p')`;
    expect(left).toEqual([]);
    await store(db.asService, [{ region: "fra", at: "2026-03-10T09:09:00Z", requests: 1 }]);
    const before = await contents(db);
    expect((await move(db)).status).toBe(0);
    expect(await contents(db)).toEqual(before);
  });

  it("does not begin where something of somebody's own would be lost, and names it", async () => {
    await db.owner`create index mine on flyahead.traffic_samples (requests)`;
    const { status, stderr } = await move(db);
    expect(status).toBe(1);
    expect(stderr).toMatch(/does not carry over: index flyahead\.mine\. Drop it, move/);
    expect(await db.owner`select to_regclass('flyahead.storage_move') as begun`).toEqual([{ begun: null }]);
  });
});

/** Constraints and indexes by their names, and the owner, which the schema's text does not have. */
async function names({ owner }: Database): Promise<unknown> {
  return [
    ...(await owner`
      select conname as name from pg_constraint where conrelid = 'flyahead.traffic_samples'::regclass
      union all select indexrelid::regclass::text from pg_index where indrelid = 'flyahead.traffic_samples'::regclass
      union all select relowner::regrole::text from pg_class where oid = 'flyahead.traffic_samples'::regclass
      union all select conname from pg_constraint where conrelid = 'flyahead.traffic_samples_20260310'::regclass
      union all select indexrelid::regclass::text from pg_index where indrelid = 'flyahead.traffic_samples_20260310'::regclass
      order by 1`),
  ];
}
