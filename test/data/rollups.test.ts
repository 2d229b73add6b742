/**
 * Rollups against a plain recomputation over the same samples, in every storage mode: whatever comes late, twice, out of order or
 * corrected, the buckets are those of the samples as they stand.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPostgresSamples } from "../../src/adapters/postgres/samples.ts";
import { DAY_MS, floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { PoolSample } from "../../src/ports.ts";
import { createRandom } from "../../src/sim/random.ts";
import { type Database, describeOnEveryDatabase, useEmbedded } from "../support/databases.ts";

const START = Date.UTC(2026, 5, 17);
const NOW = START + 4 * DAY_MS;
const POOLS = ["fra", "iad"].map((region) => ({ app: "shop", region, processGroup: "web" }));

type Bucket = {
  region: string;
  at: number;
  minutes: number;
  requests: number;
  peak: number;
  errors: number | null;
  p95?: number;
};

/** What the buckets of a width should be, from the last sample of each pool and minute. */
function recompute(samples: readonly PoolSample[], widthMs: number): Bucket[] {
  const stored = new Map(samples.map((sample) => [`${sample.pool.region} ${sample.at}`, sample]));
  const groups = new Map<string, PoolSample[]>();
  for (const sample of stored.values()) {
    const key = `${sample.pool.region} ${floorTo(sample.at, widthMs)}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups]
    .map(([key, group]) => {
      const [region = "", at] = key.split(" ");
      const loads = group.map(({ requests }) => requests).sort((a, b) => a - b);
      const errors = group.flatMap((sample) => sample.errors ?? []);
      return {
        region,
        at: Number(at),
        minutes: group.length,
        requests: loads.reduce((sum, load) => sum + load, 0),
        peak: loads.at(-1)!,
        errors: errors.length === 0 ? null : errors.reduce((sum, value) => sum + value, 0),
        p95: loads[Math.ceil(0.95 * loads.length) - 1]!,
      };
    })
    .sort((a, b) => a.region.localeCompare(b.region) || a.at - b.at);
}

const WIDTHS = { traffic_5m: 5 * MINUTE_MS, traffic_1h: HOUR_MS, traffic_1d: DAY_MS } as const;

async function stored(db: Database, table: keyof typeof WIDTHS): Promise<Bucket[]> {
  const p95 = table === "traffic_5m" ? "null::float8" : "t.p95";
  const rows = await db.owner.unsafe<Bucket[]>(`
    select w.region, flyahead.epoch_ms(t.at) as at, t.minutes::integer, t.requests, t.peak, t.errors, ${p95} as p95
    from flyahead.${table} t join flyahead.worker_regions w on w.id = t.pool_id order by 1, 2`);
  return [...rows];
}

async function expectRollupsOf(db: Database, samples: readonly PoolSample[]): Promise<void> {
  while ((await db.asService`select flyahead.refresh_rollups() as done`)[0]?.done > 0);
  for (const [table, widthMs] of Object.entries(WIDTHS) as [keyof typeof WIDTHS, number][]) {
    const found = await stored(db, table);
    const wanted = recompute(samples, widthMs);
    expect(found.map(({ region, at, minutes, peak }) => [table, region, at, minutes, peak])).toEqual(
      wanted.map(({ region, at, minutes, peak }) => [table, region, at, minutes, peak]),
    );
    found.forEach((bucket, i) => {
      // Sums of floating numbers differ by the order of the terms.
      expect(Math.abs(bucket.requests - wanted[i]!.requests)).toBeLessThanOrEqual(
        1e-12 * wanted[i]!.requests,
      );
      if (wanted[i]!.errors === null) expect(bucket.errors).toBeNull();
      else expect(bucket.errors).toBeCloseTo(wanted[i]!.errors, 5);
      if (table === "traffic_5m") return;
      expect(Math.abs(bucket.p95! - wanted[i]!.p95!)).toBeLessThanOrEqual(0.0201 * wanted[i]!.p95!);
    });
  }
}

/** Two pools over two days and a bit, with gaps, zeros, tiny and huge loads. */
function traffic(seed: string): PoolSample[] {
  const random = createRandom(seed);
  const samples: PoolSample[] = [];
  for (let at = START - 30 * MINUTE_MS; at < START + 2 * DAY_MS; at += MINUTE_MS) {
    for (const pool of POOLS) {
      if (random.next() < 0.2) continue;
      const kind = random.next();
      const requests =
        kind < 0.1
          ? 0
          : kind < 0.15
            ? random.next() * 1e-4
            : kind < 0.2
              ? random.next() * 1e9
              : random.next() * 2_000;
      samples.push({
        pool,
        at,
        requests,
        ...(random.next() < 0.5 ? { errors: Math.floor(random.next() * 9) } : {}),
      });
    }
  }
  return samples;
}

function shuffled<T>(values: readonly T[], seed: string): T[] {
  const random = createRandom(seed);
  return values
    .map((value) => [random.next(), value] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value);
}

describeOnEveryDatabase("rollups", (open) => {
  let db: Database;
  const store = async (samples: readonly PoolSample[], now: Instant = NOW) => {
    for (let i = 0; i < samples.length; i += 5_000)
      await createPostgresSamples(db.asService).store(samples.slice(i, i + 5_000), now);
  };

  beforeAll(async () => {
    db = await open();
    for (const { region } of POOLS)
      await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', ${region}, 'web')`;
  });
  beforeEach(
    () =>
      db.owner`truncate flyahead.traffic_samples, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.rollup_queue`,
  );

  it("are those of the samples, in whatever order these come", async () => {
    const samples = shuffled(traffic("order"), "shuffle");
    await store(samples);
    await expectRollupsOf(db, samples);
  });

  it("follow late, doubled and corrected samples, also where a peak is taken back", async () => {
    const samples = traffic("late");
    const late = samples.filter((_, i) => i % 7 === 0);
    const first = samples.filter((_, i) => i % 7 !== 0);
    await store(first);
    await expectRollupsOf(db, first);
    await store([...first.slice(0, 200), ...late]);
    await expectRollupsOf(db, samples);
    const corrections = samples
      .filter((_, i) => i % 11 === 0)
      .map((sample) => ({ ...sample, requests: sample.requests / 3 }));
    await store(corrections);
    await expectRollupsOf(db, [...samples, ...corrections]);
  });
});

describe("a refresh", () => {
  const open = useEmbedded();
  let db: Database;
  const sample = (region: string, minute: number, requests: number): PoolSample => {
    return { pool: { app: "shop", region, processGroup: "web" }, at: START + minute * MINUTE_MS, requests };
  };
  const store = (...samples: PoolSample[]) => createPostgresSamples(db.asService).store(samples, NOW);
  const refresh = async (maxNotes = 5_000) =>
    (await db.asService`select flyahead.refresh_rollups(${maxNotes}) as done`)[0]?.done as number;
  const hours = async () =>
    (await db.owner`select minutes, requests from flyahead.traffic_1h order by pool_id, at`).map(
      ({ minutes, requests }) => [minutes, requests],
    );

  beforeAll(async () => {
    db = await open();
    for (const { region } of POOLS)
      await db.owner`insert into flyahead.worker_regions (app, region, process_group) values ('shop', ${region}, 'web')`;
  });
  beforeEach(
    () =>
      db.owner`truncate flyahead.traffic_samples, flyahead.traffic_5m, flyahead.traffic_1h, flyahead.traffic_1d, flyahead.rollup_queue`,
  );

  it("touches only what was noted", async () => {
    await store(sample("fra", 0, 1), sample("fra", 200, 1), sample("iad", 0, 1), sample("iad", 1_500, 1));
    await refresh();
    const versions = async () =>
      new Map(
        (
          await db.owner`select pool_id || ' ' || at as key, xmin::text as version from flyahead.traffic_1h union all
        select pool_id || ' 5m ' || at, xmin::text from flyahead.traffic_5m`
        ).map(({ key, version }) => [key, version]),
      );
    const before = await versions();
    await store(sample("fra", 201, 2));
    await refresh();
    const after = await versions();
    const changed = [...after]
      .filter(([key, version]) => before.get(key) !== version)
      .map(([key]) => String(key));
    expect(changed.length).toBe(2);
    for (const key of changed) expect(key).toContain("2026-06-17 03:");
  });

  it("works in as small steps as one wants, the oldest first, and answers 0 when there is nothing left", async () => {
    await store(sample("fra", 1_500, 3), sample("fra", 0, 1), sample("iad", 0, 2));
    expect(await refresh(1)).toBe(1);
    expect(await hours()).toHaveLength(1);
    expect([await refresh(1), await refresh(1), await refresh(1)]).toEqual([1, 1, 0]);
    expect(await hours()).toEqual([
      [1, 1],
      [1, 3],
      [1, 2],
    ]);
  });

  it("loses no note of a writer that commits while it runs", async () => {
    await store(sample("fra", 0, 1));
    let written = () => {};
    const isWritten = new Promise<void>((done) => {
      written = done;
    });
    let release = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const writer = db.owner.begin(async (sql) => {
      await createPostgresSamples(sql as unknown as Database["owner"]).store([sample("fra", 1, 5)], NOW);
      written();
      await held;
    });
    await isWritten;
    expect(await refresh()).toBe(1);
    expect(await hours()).toEqual([[1, 1]]);
    release();
    await writer;
    expect(await refresh()).toBe(1);
    expect(await hours()).toEqual([[2, 6]]);
  });

  it("leaves the work to another that is at it", async () => {
    await store(sample("fra", 0, 1));
    await db.owner.begin(async (sql) => {
      await sql`select pg_advisory_xact_lock(hashtext('flyahead.refresh_rollups'))`;
      expect(await refresh()).toBe(0);
    });
    expect(await refresh()).toBe(1);
  });

  it.each(["Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])(
    "makes the same buckets for a session in %s",
    async (zone) => {
      const samples = [0, 29, 30, 59, 60, 1_439, 1_440].map((minute) => sample("fra", minute, minute + 1));
      await db.owner.begin(async (sql) => {
        await sql.unsafe(`set local timezone = '${zone}'`);
        await createPostgresSamples(sql as unknown as Database["owner"]).store(samples, NOW);
        await sql`select flyahead.refresh_rollups()`;
      });
      await expectRollupsOf(db, samples);
    },
  );
});
