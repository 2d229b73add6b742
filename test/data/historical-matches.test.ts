// Days that are made so that the nearest one is known; and the same days moved, stretched and cut, where the answer has
// to stay as it was.
import fc from "fast-check";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { numberArray } from "../../src/adapters/postgres/connect.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { zoneOffsetMs } from "../../src/core/zone.ts";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";

const BIN_MS = 5 * MINUTE_MS;

describeOnEveryDatabase("historical_matches", (open) => {
  let db: Database;
  let pool: number;

  beforeAll(async () => {
    db = await open();
  });
  beforeEach(() => pooled({}));

  /** A new pool without a past. */
  const pooled = async ({ zone = null as string | null, policy = null as string | null }) => {
    await db.owner`truncate flyahead.traffic_5m`;
    const [row] = await db.owner<{ id: number }[]>`
      insert into flyahead.worker_regions (app, region, process_group, time_zone, effective_policy)
      select 'shop', 'fra', 'g' || count(*), ${zone}, ${policy}::text::jsonb from flyahead.worker_regions returning id`;
    pool = row!.id;
  };
  /** Peaks of consecutive bins; null is a gap. */
  const put = async (from: Instant, peaks: readonly (number | null)[]) => {
    const bins = peaks.flatMap((peak, i) => (peak === null ? [] : [{ at: from + i * BIN_MS, peak }]));
    await db.owner`
      insert into flyahead.traffic_5m (pool_id, at, minutes, requests, peak)
      select ${pool}, flyahead.instant(b.at), 5, b.peak, b.peak
      from unnest(${numberArray(bins.map(({ at }) => at))}::text::float8[], ${numberArray(bins.map(({ peak }) => peak))}::text::float8[]) b (at, peak)`;
  };
  const matches = async (at: Instant, limit = 5) => {
    const rows =
      await db.asService`select day::text, weekday, distance, bins_compared as bins, load_then as before, load_now as now,
      next_hour_peak as hour, rest_of_day_peak as rest
      from flyahead_api.historical_matches(${pool}, flyahead.instant(${at}), ${limit})`;
    return rows.map((row) => ({ ...row }));
  };
  const days = (count: number, load: (bin: number) => number | null) =>
    Array.from({ length: 288 * count }, (_, i) => load(i));

  it("orders days by how far they are, and tells what came next on them", async () => {
    const monday = Date.UTC(2026, 10, 2);
    // Level, and a later peak, of each day; today is at 100 up to noon.
    const shapes = [
      [100, 900],
      [150, 300],
      [110, 500],
      [50, 200],
      [100, 1],
      [0, 0],
      [97, 400],
    ] as const;
    for (const [day, [level, peak]] of shapes.entries())
      await put(
        monday + day * DAY_MS,
        days(1, (bin) => (bin === 150 ? peak : bin === 200 ? peak + 1 : level)),
      );
    const today = monday + 7 * DAY_MS;
    await put(today, days(1, () => 100).slice(0, 144));
    const rows = await matches(today + 12 * HOUR_MS, 10);
    expect(rows.map(({ day, weekday }) => `${weekday} ${day}`)).toEqual([
      ...["Friday 2026-11-06", "Monday 2026-11-02", "Sunday 2026-11-08", "Wednesday 2026-11-04"],
      ...["Tuesday 2026-11-03", "Thursday 2026-11-05", "Saturday 2026-11-07"],
    ]);
    const distances = [0, 0, 3 / 98.5, 10 / 105, 50 / 125, 50 / 75, 2].map((distance) =>
      expect.closeTo(distance, 9),
    );
    expect(rows.map(({ distance }) => distance)).toEqual(distances);
    expect(rows[2]).toMatchObject({ bins: 144, before: 97, now: 100, hour: 400, rest: 401 });
    expect(rows[0]).toMatchObject({ hour: 100, rest: 100 });
    expect(await matches(today + 12 * HOUR_MS, 2)).toEqual(rows.slice(0, 2));
    expect(await matches(today + 12 * HOUR_MS, 0)).toEqual([]);
  });

  it("asked about the past, looks at nothing after it, not even at a bin that had begun", async () => {
    const start = Date.UTC(2026, 9, 1);
    await put(
      start,
      days(20, (bin) => 100 + (bin % 288) + ((bin * 7) % 31)),
    );
    const at = start + 12 * DAY_MS + 10 * HOUR_MS + 3 * MINUTE_MS;
    const before = await matches(at, 20);
    expect(before).toHaveLength(12);
    expect(before[0]).toMatchObject({ bins: 120 });
    await db.owner`update flyahead.traffic_5m set peak = 1e6 where at >= flyahead.instant(${at - 3 * MINUTE_MS})`;
    expect(await matches(at, 20)).toEqual(before);
    await db.owner`delete from flyahead.traffic_5m where at >= flyahead.instant(${at - 3 * MINUTE_MS})`;
    expect(await matches(at, 20)).toEqual(before);
  });

  it("lays days over each other by the time since midnight where clocks change, at 23, 24 and 25 hours", async () => {
    for (const [zone, from, count] of [
      ["Europe/Berlin", Date.UTC(2026, 2, 27), 4],
      ["Europe/Berlin", Date.UTC(2026, 9, 23), 4],
      ["America/Havana", Date.UTC(2026, 9, 30), 4],
      ["America/Havana", Date.UTC(2026, 2, 6), 4],
      ["Australia/Lord_Howe", Date.UTC(2026, 3, 3), 4],
    ] as const) {
      await pooled({ zone });
      // The first instant that shows the next local day, bin by bin: no arithmetic with hours.
      const dayOf = (at: Instant) => Math.floor((at + zoneOffsetMs(zone, at)) / DAY_MS);
      const bins = Array.from({ length: (count + 2) * 288 }, (_, i) => from + i * BIN_MS);
      const midnights = bins.filter(
        (at) => dayOf(at) > Math.max(...[at - BIN_MS, at - HOUR_MS, at - 2 * HOUR_MS].map(dayOf)),
      );
      const lengths = midnights.slice(1).map((at, i) => (at - midnights[i]!) / HOUR_MS);
      expect(new Set(lengths).size).toBeGreaterThan(1);
      const sinceMidnight = (at: Instant) => at - midnights.filter((midnight) => midnight <= at).at(-1)!;
      const first = midnights[0]!;
      await put(
        first,
        bins.filter((at) => at >= first).map((at) => 10 + sinceMidnight(at) / BIN_MS),
      );
      for (const today of midnights.slice(2))
        for (const hours of [1.5, 4, 22, 24.5]) {
          const at = today + hours * HOUR_MS;
          if (sinceMidnight(at) !== at - today || at > bins.at(-1)!) continue;
          const rows = await matches(at);
          expect([zone, hours, rows.length]).toEqual([
            zone,
            hours,
            midnights.filter((midnight) => midnight < today).length,
          ]);
          expect(rows.map(({ distance }) => distance)).toEqual(rows.map(() => 0));
        }
    }
  });

  it("in the first hour of a day compares the 24 hours before, and from then on the day", async () => {
    const start = Date.UTC(2026, 10, 1);
    await put(
      start,
      days(4, (bin) => (bin >= 288 && bin < 576 ? 50 : 100)),
    );
    const midnight = start + 3 * DAY_MS;
    const rows = await matches(midnight + 20 * MINUTE_MS);
    // The 2nd had 50 all day: the 24 hours up to 00:20 of the 3rd are nearly all of it, those of the 2nd hardly.
    expect(rows.map(({ day, bins }) => [day, bins])).toEqual([
      ["2026-11-02", 288],
      ["2026-11-03", 288],
    ]);
    expect(rows[0]?.distance).toBeCloseTo((2 * 4 * 50) / (288 * 200 - 4 * 50), 9);
    expect((await matches(midnight)).map(({ day }) => day)).toEqual(["2026-11-02", "2026-11-03"]);
    expect((await matches(midnight + HOUR_MS)).map(({ day, bins }) => [day, bins])).toEqual([
      ["2026-11-03", 12],
      ["2026-11-01", 12],
      ["2026-11-02", 12],
    ]);
  });

  it("leaves out days with fewer than 80 % of the bins, and bins that one side does not have", async () => {
    const start = Date.UTC(2026, 10, 1);
    const holes = (every: number) => (bin: number) => (bin % every === 0 ? null : 100);
    await put(start, days(1, holes(4)));
    await put(start + DAY_MS, days(1, holes(6)));
    await put(start + 2 * DAY_MS, days(1, holes(10)));
    const rows = await matches(start + 2 * DAY_MS + 10 * HOUR_MS);
    expect(rows).toEqual([
      expect.objectContaining({ day: "2026-11-02", bins: 92, distance: 0, before: 100, now: 100 }),
    ]);
    await db.owner`delete from flyahead.traffic_5m where at >= flyahead.instant(${start + 2 * DAY_MS}) and at < flyahead.instant(${start + 2 * DAY_MS + 3 * HOUR_MS})`;
    expect(await matches(start + 2 * DAY_MS + 10 * HOUR_MS)).toEqual([]);
  });

  it("takes zero traffic for what it is: like another zero, unlike anything else", async () => {
    const start = Date.UTC(2026, 10, 1);
    await put(
      start,
      days(1, () => 0),
    );
    await put(
      start + DAY_MS,
      days(1, () => 3),
    );
    await put(start + 2 * DAY_MS, days(1, () => 0).slice(0, 100));
    expect(
      (await matches(start + 2 * DAY_MS + 8 * HOUR_MS)).map(({ day, distance }) => [day, distance]),
    ).toEqual([
      ["2026-11-01", 0],
      ["2026-11-02", 2],
    ]);
  });

  it("has no rows for an unknown pool, none or an hour of history, and a day eight weeks ago is the last", async () => {
    const now = Date.UTC(2026, 10, 20, 12);
    expect(await matches(now)).toEqual([]);
    await put(now - HOUR_MS, days(1, () => 1).slice(0, 12));
    expect(await matches(now)).toEqual([]);
    for (const ago of [56, 57])
      await put(
        Date.UTC(2026, 10, 20) - ago * DAY_MS,
        days(1, () => 1),
      );
    await put(Date.UTC(2026, 10, 20), days(1, () => 1).slice(0, 132));
    expect((await matches(now)).map(({ day }) => day)).toEqual(["2026-09-25"]);
    expect(await db.owner`select * from flyahead_api.historical_matches(-1)`).toHaveLength(0);
  });

  it("goes by the pool's own zone, else by its policy's, else by UTC, also where Postgres does not know it", async () => {
    const start = Date.UTC(2026, 10, 1);
    const at = start + 3 * DAY_MS + 20 * HOUR_MS;
    const cases: [Parameters<typeof pooled>[0], string][] = [
      [{ zone: "Asia/Tokyo", policy: '{"timeZone": "America/New_York"}' }, "2026-11-04"],
      [{ policy: '{"timeZone": "Asia/Tokyo"}' }, "2026-11-04"],
      [{ policy: '{"timeZone": "Mars/Olympus"}' }, "2026-11-03"],
      [{}, "2026-11-03"],
    ];
    for (const [settings, yesterday] of cases) {
      await pooled(settings);
      await put(
        start,
        days(4, () => 10),
      );
      expect((await matches(at)).map(({ day }) => day)[0]).toBe(yesterday);
    }
  });

  it("a day that repeats an earlier one has distance 0 to it, whatever its shape and wherever its gaps", async () => {
    const shape = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 288, maxLength: 288 });
    const shifted = fc.record({
      shape,
      ago: fc.integer({ min: 1, max: 56 }),
      bins: fc.integer({ min: 12, max: 288 }),
      factor: fc.integer({ min: 2, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(shifted, async ({ shape: peaks, ago, bins, factor }) => {
        await db.owner`truncate flyahead.traffic_5m`;
        const today = Date.UTC(2026, 10, 10);
        await put(today - ago * DAY_MS, peaks);
        await put(today, peaks.slice(0, bins));
        const end = today + bins * BIN_MS - 1;
        const [row] = bins === 288 ? await matches(end) : await matches(today + bins * BIN_MS);
        expect(row).toMatchObject({ distance: 0, bins: bins === 288 ? 287 : bins });
        await db.owner`update flyahead.traffic_5m set peak = peak * ${factor} where at >= flyahead.instant(${today})`;
        const [far] = await matches(today + Math.min(bins, 287) * BIN_MS);
        const all = peaks.slice(0, bins).some((peak) => peak > 0);
        expect(far?.distance).toBeCloseTo(all ? (2 * (factor - 1)) / (factor + 1) : 0, 9);
      }),
      { numRuns: 25 },
    );
  });

  it("answers operators, and nobody whom it was not granted to", async () => {
    await db.owner.begin(async (sql) => {
      await sql`set local role flyahead_operator`;
      expect(await sql`select * from flyahead_api.historical_matches(${pool})`).toHaveLength(0);
    });
    const [rights] =
      await db.owner`select has_function_privilege('public', 'flyahead_api.historical_matches(integer, timestamptz, integer)', 'execute') as open`;
    expect(rights).toEqual({ open: false });
  });
});
