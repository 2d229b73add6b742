/**
 * What every form of Samples promises: what came in comes out, once per pool and instant, and only for known pools.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolKey } from "../../src/core/fleet.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { TrafficSample } from "../../src/core/traffic.ts";
import type { PoolSample, Samples } from "../../src/ports.ts";

export type SamplesHarness = {
  readonly samples: Samples;
  /** Registers a pool, as a tick that found it would. */
  addPool(pool: PoolKey): Promise<void>;
  /** Retires it, as a tick that found no machine of it any more would. */
  retirePool(pool: PoolKey): Promise<void>;
};

const START = Date.UTC(2026, 5, 17, 12, 0);
const NOW = START + DAY_MS;

let apps = 0;

export function describeSamples(name: string, make: () => Promise<SamplesHarness>): void {
  describe(`samples: ${name}`, () => {
    let harness: SamplesHarness;
    let samples: Samples;
    let fra: PoolKey;
    let iad: PoolKey;

    beforeEach(async () => {
      harness = await make();
      samples = harness.samples;
      apps += 1;
      const app = `samples-app-${apps}`;
      fra = { app, region: "fra", processGroup: "web" };
      iad = { app, region: "iad", processGroup: "web" };
      await harness.addPool(fra);
      await harness.addPool(iad);
    });

    const sample = (pool: PoolKey, minute: number, requests: number): PoolSample => {
      return { pool, at: START + minute * MINUTE_MS, requests };
    };

    async function read(pool: PoolKey, from = START - DAY_MS, until = NOW): Promise<TrafficSample[]> {
      return samples.read(pool, from, until);
    }

    const inTime = (list: readonly TrafficSample[]) => [...list].sort((a, b) => a.at - b.at);
    const requestsOf = async (pool: PoolKey) => (await read(pool)).map(({ requests }) => requests);

    it("gives back every part of a sample, and leaves out what was not measured", async () => {
      const full: PoolSample = {
        pool: fra,
        at: START,
        requests: 1234.5,
        errors: 0,
        p95LatencyMs: 87.25,
        cpu: 0.5,
        memory: 0.25,
        disk: 0.125,
        concurrency: 17,
        queueDepth: 0,
      };
      const bare = sample(fra, 1, 0);
      expect(await samples.store([full, bare], NOW)).toEqual({ unknownPool: [], tooOld: [] });
      const { pool: _pool, ...parts } = full;
      const found = await read(fra);
      expect(found).toEqual([parts, { at: bare.at, requests: 0 }]);
      expect(Object.values(found[1]!).some((value) => value === null)).toBe(false);
    });

    it("reads from the first instant on and stops before the last", async () => {
      await samples.store(
        [0, 1, 2, 3, 4].map((minute) => sample(fra, minute, minute)),
        NOW,
      );
      const found = await read(fra, START + MINUTE_MS, START + 3 * MINUTE_MS);
      expect(found.map(({ requests }) => requests)).toEqual([1, 2]);
    });

    it("reads a series of each pool from its own instant, and leaves out pools without samples", async () => {
      await samples.store(
        [0, 1, 2].flatMap((minute) => [sample(fra, minute, minute), sample(iad, minute, 10 + minute)]),
        NOW,
      );
      const quiet = { ...fra, region: "syd" };
      await harness.addPool(quiet);
      const windows = [
        { pool: fra, from: START + 2 * MINUTE_MS },
        { pool: quiet, from: START },
        { pool: iad, from: START + MINUTE_MS },
      ];
      const found = await samples.readSeries(fra.app, windows, START + 4 * MINUTE_MS, MINUTE_MS);
      expect(found).toHaveLength(2);
      expect(found).toContainEqual({
        pool: fra,
        series: { start: START + 2 * MINUTE_MS, binMs: MINUTE_MS, values: [2, Number.NaN] },
      });
      expect(found).toContainEqual({
        pool: iad,
        series: { start: START + MINUTE_MS, binMs: MINUTE_MS, values: [11, 12, Number.NaN] },
      });
    });

    it("keeps gaps between samples, and zeros as zeros, in a series", async () => {
      await samples.store([sample(fra, 3, 5), sample(fra, 0, 7), sample(fra, 1, 0)], NOW);
      const [found] = await samples.readSeries(
        fra.app,
        [{ pool: fra, from: START }],
        START + 4 * MINUTE_MS,
        MINUTE_MS,
      );
      expect(found?.series.values).toEqual([7, 0, Number.NaN, 5]);
    });

    it("answers nothing for no window, a pool nobody knows, and a window that is over before it begins", async () => {
      await samples.store([sample(fra, 0, 1)], NOW);
      expect(await samples.readSeries(fra.app, [], NOW, MINUTE_MS)).toEqual([]);
      expect(await read({ ...fra, region: "gru" })).toEqual([]);
      expect(await read(fra, START, START)).toEqual([]);
      expect(await read(fra, NOW, START)).toEqual([]);
    });

    it("changes nothing when the same samples come again", async () => {
      const batch = [sample(fra, 0, 5), sample(fra, 1, 6)];
      await samples.store(batch, NOW);
      expect(await samples.store(batch, NOW + MINUTE_MS)).toEqual({ unknownPool: [], tooOld: [] });
      expect(await requestsOf(fra)).toEqual([5, 6]);
    });

    it("lets a late correction count, whole: what it does not measure is gone", async () => {
      await samples.store([{ ...sample(fra, 0, 5), errors: 2, cpu: 0.5 }, sample(fra, 1, 6)], NOW);
      await samples.store([{ ...sample(fra, 0, 7), cpu: 0.25 }], NOW + DAY_MS);
      expect(await read(fra)).toEqual([
        { at: START, requests: 7, cpu: 0.25 },
        { at: START + MINUTE_MS, requests: 6 },
      ]);
    });

    it("lets the later of two for one instant count within one call", async () => {
      await samples.store([sample(fra, 0, 1), sample(iad, 0, 8), sample(fra, 0, 2), sample(fra, 0, 3)], NOW);
      expect(await requestsOf(fra)).toEqual([3]);
      expect(await requestsOf(iad)).toEqual([8]);
    });

    it("tells unknown pools by index and stores the rest", async () => {
      const wrong: PoolKey[] = [
        { ...fra, region: "gru" },
        { ...fra, processGroup: "worker" },
        { ...fra, app: `${fra.app}-other` },
      ];
      const batch = [
        sample(wrong[0]!, 0, 1),
        sample(fra, 0, 2),
        sample(wrong[1]!, 0, 3),
        sample(iad, 0, 4),
        sample(wrong[2]!, 0, 5),
      ];
      expect(await samples.store(batch, NOW)).toEqual({ unknownPool: [0, 2, 4], tooOld: [] });
      expect(await requestsOf(fra)).toEqual([2]);
      expect(await requestsOf(iad)).toEqual([4]);
      await harness.addPool(wrong[0]!);
      expect(await read(wrong[0]!)).toEqual([]);
    });

    it("tells every index where no pool is known, and takes an empty list", async () => {
      const lost = { ...fra, region: "gru" };
      expect(await samples.store([sample(lost, 0, 1), sample(lost, 1, 2)], NOW)).toEqual({
        unknownPool: [0, 1],
        tooOld: [],
      });
      expect(await samples.store([], NOW)).toEqual({ unknownPool: [], tooOld: [] });
    });

    it("refuses what is older than samples are kept, by index", async () => {
      const old = { ...sample(fra, 0, 1), at: NOW - 93 * DAY_MS };
      const young = { ...sample(fra, 0, 2), at: NOW - 91 * DAY_MS };
      expect(await samples.store([old, young], NOW)).toEqual({ unknownPool: [], tooOld: [0] });
      expect(await read(fra, 0)).toEqual([{ at: young.at, requests: 2 }]);
    });

    it("does not know a retired pool until it shows again", async () => {
      await samples.store([sample(fra, 0, 1)], NOW);
      await harness.retirePool(fra);
      expect(await samples.store([sample(fra, 1, 2), sample(iad, 1, 3)], NOW)).toEqual({
        unknownPool: [0],
        tooOld: [],
      });
      await harness.addPool(fra);
      expect(await samples.store([sample(fra, 2, 3)], NOW)).toEqual({ unknownPool: [], tooOld: [] });
      expect(await requestsOf(fra)).toEqual([1, 3]);
    });

    it("takes names with quotes, commas and braces", async () => {
      const odd = { ...fra, processGroup: 'a "b", {c} \\ d' };
      await harness.addPool(odd);
      expect(await samples.store([sample(odd, 0, 9)], NOW)).toEqual({ unknownPool: [], tooOld: [] });
      expect(await requestsOf(odd)).toEqual([9]);
    });

    it("takes 5,000 samples of many days in one call, in any order", async () => {
      const at = (i: number): Instant => START - DAY_MS + ((i * 7_919) % 5_000) * MINUTE_MS;
      const batch = Array.from({ length: 5_000 }, (_, i): PoolSample => {
        return { pool: i % 2 ? fra : iad, at: at(i), requests: i };
      });
      expect(await samples.store(batch, NOW)).toEqual({ unknownPool: [], tooOld: [] });
      const until = START + 4 * DAY_MS;
      const found = [...(await read(fra, 0, until)), ...(await read(iad, 0, until))];
      expect(inTime(found)).toEqual(inTime(batch.map(({ at, requests }) => ({ at, requests }))));
    });

    it("keeps the minutes of callers that store the same ones at once, each in its own order", async () => {
      const minutes = Array.from({ length: 500 }, (_, i) => i);
      const orders = [
        minutes,
        [...minutes].reverse(),
        minutes.map((i) => (i * 277) % 500),
        minutes.map((i) => (i * 123) % 500),
      ];
      const batches = orders.map((order, caller) =>
        order.flatMap((minute) => [
          sample(caller % 2 ? iad : fra, minute, 7),
          sample(caller % 2 ? fra : iad, minute, 7),
        ]),
      );
      await Promise.all(batches.map((batch) => samples.store(batch, NOW)));
      for (const pool of [fra, iad]) expect(await requestsOf(pool)).toEqual(new Array(500).fill(7));
    });

    it("stores what was pulled where nobody sent anything, and corrects it by a later pull", async () => {
      const pull = [sample(fra, 0, 5), { ...sample(fra, 1, 6), cpu: 0.5 }, sample(iad, 0, 7)];
      const answer = { unknownPool: [], tooOld: [] };
      expect(await samples.storePulled(pull, NOW)).toEqual({ changed: 3, ...answer });
      expect(await samples.storePulled(pull, NOW + 1)).toEqual({ changed: 0, ...answer });
      const later = [sample(fra, 0, 5), { ...sample(fra, 1, 6), cpu: 0.25 }];
      expect(await samples.storePulled(later, NOW + 2)).toEqual({ changed: 1, ...answer });
      expect(await read(fra)).toEqual([
        { at: START, requests: 5 },
        { at: START + MINUTE_MS, requests: 6, cpu: 0.25 },
      ]);
      expect(await samples.storePulled([], NOW)).toEqual({ changed: 0, ...answer });
    });

    it("never replaces what was sent by what was pulled, whichever came first", async () => {
      await samples.store([{ ...sample(fra, 0, 1), errors: 1 }], NOW);
      await samples.storePulled([sample(fra, 0, 10), sample(fra, 1, 10)], NOW);
      // Sent in the very millisecond of the pull.
      await samples.store([sample(fra, 1, 2)], NOW);
      expect(await samples.storePulled([sample(fra, 0, 20), sample(fra, 1, 20)], NOW + 1)).toMatchObject({
        changed: 0,
      });
      expect(await read(fra)).toEqual([
        { at: START, requests: 1, errors: 1 },
        { at: START + MINUTE_MS, requests: 2 },
      ]);
    });

    it("pulls into known pools only, and nothing that is too old; of two for one minute the later counts", async () => {
      const lost = { ...fra, region: "gru" };
      const old = { ...sample(fra, 0, 1), at: NOW - 93 * DAY_MS };
      const pull = [sample(lost, 0, 1), old, sample(fra, 0, 2), sample(fra, 0, 3)];
      const answer = await samples.storePulled(pull, NOW);
      expect(answer).toMatchObject({ unknownPool: [0], tooOld: [1] });
      expect(await requestsOf(fra)).toEqual([3]);
    });

    it("keeps every sample when many callers store at once", async () => {
      const calls = Array.from({ length: 10 }, (_, call) =>
        Array.from({ length: 50 }, (_, i) => sample(fra, 10 * DAY_IN_MINUTES + call * 50 + i, call)),
      );
      await Promise.all(calls.map((batch) => samples.store(batch, NOW)));
      const from = START + 10 * DAY_MS;
      expect(await read(fra, from, from + DAY_MS)).toEqual(inTime(calls.flat().map(withoutPool)));
    });
  });
}

const DAY_IN_MINUTES = DAY_MS / MINUTE_MS;

function withoutPool({ pool: _pool, ...sample }: PoolSample): TrafficSample {
  return sample;
}
