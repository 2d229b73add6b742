// Samples go in and come out the same in each storage mode: every suite compares the database with a plain model in
// memory, so databases that agree with it agree with each other.
import { beforeAll, describe, expect, it } from "vitest";
import { type Database, describeOnEveryDatabase } from "../support/databases.ts";
import { daysUntil, furnish, hourly, LONG_AGO, type Sample, store, stored } from "./fixture.ts";

const byRegionAndTime = (a: Sample, b: Sample) =>
  a.region.localeCompare(b.region) || a.at.localeCompare(b.at);

describeOnEveryDatabase("storage", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
    await furnish(db);
  });

  it("is in the best mode that the server offers, and says so to the operator", async () => {
    const [status] = await db.owner.begin(async (sql) => {
      await sql`set local role flyahead_operator`;
      return sql`select * from flyahead_api.storage_status`;
    });
    expect(status).toMatchObject({ mode: db.mode, oldest_day: null, newest_day: null, compressed_parts: 0 });
    expect(status?.server_version).toMatch(new RegExp(`^${db.major}\\.`));
    expect(status?.timescale_version === null).toBe(!db.timescale);
    expect(status?.timescale_edition).toBe(
      { native: null, hypertable: "apache", columnstore: "timescale" }[db.mode],
    );
  });

  describe("keeps", () => {
    const model = new Map<string, Sample>();
    const put = async (samples: readonly Sample[], now?: string) => {
      expect(await store(db.asService, samples, now)).toEqual([]);
      for (const sample of samples) model.set(`${sample.region} ${sample.at}`, sample);
      expect(await stored(db.asService)).toEqual([...model.values()].sort(byRegionAndTime));
    };

    it("samples that come in order", () => put(hourly(daysUntil("2026-03-10", 3))));

    it("samples out of order, of several days at once", () =>
      put([
        { region: "iad", at: "2026-03-09T10:02:00Z", requests: 3 },
        { region: "fra", at: "2026-03-10T08:01:00Z", requests: 1 },
        { region: "iad", at: "2026-03-07T10:01:00Z", requests: 2 },
        { region: "fra", at: "2026-03-08T23:59:00Z", requests: 0 },
      ]));

    it("the later of two writes, also within one batch", async () => {
      await put([{ region: "fra", at: "2026-03-10T08:01:00Z", requests: 11 }]);
      await put([
        { region: "fra", at: "2026-03-10T08:01:00Z", requests: 12 },
        { region: "fra", at: "2026-03-10T08:01:00Z", requests: 13 },
      ]);
    });

    it("samples late by days, years old, and of days to come", () =>
      put(
        [
          { region: "fra", at: "2026-02-11T00:00:00Z", requests: 4 },
          { region: "iad", at: "2019-12-31T23:59:00Z", requests: 5 },
          { region: "iad", at: "2020-01-01T00:00:00Z", requests: 6 },
          { region: "fra", at: "2026-03-13T00:00:00Z", requests: 7 },
          { region: "fra", at: "2027-01-01T00:00:00Z", requests: 8 },
        ],
        LONG_AGO,
      ));

    it("nothing of days that are past keep_samples already, and the rest of such a batch", async () => {
      const fresh = { region: "fra", at: "2026-03-10T08:02:00Z", requests: 9 };
      await store(db.asService, [{ region: "fra", at: "2025-12-08T12:33:00Z", requests: 9 }, fresh]);
      await put([fresh]);
    });

    it("what writers at the same time bring, on days that nobody has made yet", async () => {
      const days = daysUntil("2026-01-20", 4);
      const batches = [0, 1, 2, 3].map((n) =>
        hourly(days).map((sample) => ({ ...sample, at: sample.at.replace(":00:00Z", `:0${n}:00Z`) })),
      );
      await Promise.all(batches.map((batch) => store(db.asService, batch)));
      await put(batches.flat());
    });

    it("what plain SQL writes: insert, update, delete", async () => {
      await db.owner`update flyahead.traffic_samples set requests = requests + 0.5 where at = '2026-03-09 10:00+00'`;
      await db.owner`delete from flyahead.traffic_samples where at >= '2026-01-17' and at < '2026-01-19'`;
      await db.owner`insert into flyahead.traffic_samples (pool_id, at, requests, received_at)
        select id, '2026-03-10 09:09+00', 99, flyahead.now() from flyahead.worker_regions where region = 'iad'`;
      for (const [key, sample] of model) {
        if (sample.at === "2026-03-09T10:00:00Z")
          model.set(key, { ...sample, requests: sample.requests + 0.5 });
        if (sample.at >= "2026-01-17" && sample.at < "2026-01-19") model.delete(key);
      }
      await put([{ region: "iad", at: "2026-03-10T09:09:00Z", requests: 99 }]);
    });

    it("one answer to the questions people ask: days, peaks, shares", async () => {
      const rows = await db.asService<{ day: string; samples: number; sum: number; peak: number }[]>`
        select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, count(*)::integer as samples, sum(requests) as sum, max(requests) as peak
        from flyahead.traffic_samples where at >= '2026-02-01' and at < '2027-01-01' group by 1 order by 1`;
      const expected = new Map<string, { samples: number; sum: number; peak: number }>();
      for (const { at, requests } of [...model.values()].sort((a, b) => a.at.localeCompare(b.at))) {
        if (at < "2026-02-01" || at >= "2027-01-01") continue;
        const { samples, sum, peak } = expected.get(at.slice(0, 10)) ?? { samples: 0, sum: 0, peak: 0 };
        expected.set(at.slice(0, 10), {
          samples: samples + 1,
          sum: sum + requests,
          peak: Math.max(peak, requests),
        });
      }
      expect(rows.map((row) => ({ ...row }))).toEqual(
        [...expected].map(([day, values]) => ({ day, ...values })),
      );
    });

    it("the days in the books: the first and the last that have a sample", async () => {
      const [status] = await db.owner`select oldest_day::text, newest_day::text, total_bytes, parts
        from flyahead_api.storage_status`;
      expect(status).toMatchObject({ oldest_day: "2019-12-31", newest_day: "2027-01-01" });
      expect(Number(status?.total_bytes)).toBeGreaterThan(8192 * Number(status?.parts));
    });
  });

  it("refuses a load below zero, and names the rule", async () => {
    await expect(
      store(db.asService, [{ region: "fra", at: "2026-03-10T10:10:00Z", requests: -1 }]),
    ).rejects.toThrow(/traffic_samples_requests_check/);
  });
});
