/**
 * What every TrafficSource promises: the requests of each pool, bin by bin and exactly on the grid; a measured zero is a
 * zero, a gap is a gap; what it cannot tell, or that it cannot, is a value with its reason.
 *
 * The same hour is told to each form: three pools, a machine that is stopped half-way, ten minutes in which nothing was
 * measured at all.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PoolKey } from "../../src/core/fleet.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import type { MetricMachine, TrafficAnswer, TrafficSource } from "../../src/ports.ts";
import type { Minute, ToldMachine } from "../support/metric-history.ts";

export const START: Instant = Date.UTC(2026, 5, 17, 12, 0);
/** The hour is over and settled. */
export const CONTRACT_NOW: Instant = START + HOUR_MS + 2 * MINUTE_MS;
export const MINUTES = 60;
/** Told before START, so that counting has begun. */
export const WARM_UP_MINUTES = 10;
const SILENT_FROM = 40;
const SILENT_UNTIL = 50;
const STOPPED_AT = 25;

const APP = "contract-shop";
const fra: PoolKey = { app: APP, region: "fra", processGroup: "web" };
const iad: PoolKey = { app: APP, region: "iad", processGroup: "web" };
const jobs: PoolKey = { app: APP, region: "fra", processGroup: "jobs" };
const POOLS = [fra, iad, jobs];

const heard = (minute: (index: number) => Minute) => (index: number) =>
  index >= SILENT_FROM && index < SILENT_UNTIL ? null : minute(index);

/** `pool` of each machine, for forms that keep samples. */
export const CONTRACT_MACHINES: readonly (ToldMachine & { readonly pool: PoolKey })[] = [
  {
    ...{ app: APP, region: "fra", instance: "m-busy", pool: fra },
    minuteAt: heard((index) => ({ requests: 400 + 4 * index, errors: index % 10 === 0 ? 8 : 0 })),
  },
  {
    ...{ app: APP, region: "fra", instance: "m-stopped", pool: fra },
    minuteAt: heard((index) => (index < STOPPED_AT ? { requests: 80 } : null)),
  },
  { ...{ app: APP, region: "iad", instance: "m-idle", pool: iad }, minuteAt: heard(() => ({ requests: 0 })) },
  {
    ...{ app: APP, region: "fra", instance: "m-jobs", pool: jobs, hasNoService: true },
    minuteAt: heard(() => ({ requests: 0 })),
  },
];

export const METRIC_MACHINES: readonly MetricMachine[] = CONTRACT_MACHINES.map(({ instance, pool }) => ({
  id: instance,
  region: pool.region,
  processGroup: pool.processGroup,
  state: instance === "m-stopped" ? "stopped" : "started",
}));

export type TrafficSourceHarness = {
  readonly source: TrafficSource;
  /** The same one, away. */
  readonly broken: TrafficSource;
  close(): Promise<void>;
};

/** @param make is told the machines above from WARM_UP_MINUTES before START on; it is CONTRACT_NOW */
export function describeTrafficSource(name: string, make: () => Promise<TrafficSourceHarness>): void {
  describe(`traffic source: ${name}`, () => {
    let harness: TrafficSourceHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness?.close());

    const ask = (from: Instant, until: Instant, app = APP, source = harness.source) =>
      source.read({
        ...{ app, from, until, binMs: MINUTE_MS, timeoutMs: 10_000 },
        machines: METRIC_MACHINES,
        pools: POOLS,
      });
    const minute = (index: number) => START + index * MINUTE_MS;

    async function samplesOf(pool: PoolKey, from = minute(0), until = minute(MINUTES)) {
      const answer = whole(await ask(from, until));
      return answer.samples.filter((sample) => {
        return sample.pool.region === pool.region && sample.pool.processGroup === pool.processGroup;
      });
    }

    it("answers what the machines of a pool served together, minute by minute", async () => {
      const found = await samplesOf(fra, minute(0), minute(STOPPED_AT));
      expect(found.map(({ at, requests }) => [at, requests])).toEqual(
        Array.from({ length: STOPPED_AT }, (_, i) => [minute(i), 480 + 4 * i]),
      );
      expect(found.every(({ pool }) => pool.app === APP)).toBe(true);
    });

    it("goes on with those that are left where one is stopped", async () => {
      const found = await samplesOf(fra, minute(STOPPED_AT), minute(SILENT_FROM));
      expect(found.map(({ requests }) => requests)).toEqual(
        Array.from({ length: SILENT_FROM - STOPPED_AT }, (_, i) => 400 + 4 * (STOPPED_AT + i)),
      );
    });

    it("tells how many of them failed", async () => {
      const found = await samplesOf(fra, minute(8), minute(13));
      expect(found.map(({ errors }) => errors ?? 0)).toEqual([0, 0, 8, 0, 0]);
    });

    it("answers zeros where machines stood ready and nobody came", async () => {
      const found = await samplesOf(iad, minute(0), minute(SILENT_FROM));
      expect(found.map(({ requests }) => requests)).toEqual(new Array(SILENT_FROM).fill(0));
    });

    it("answers nothing for machines that serve no requests: theirs are not zero, they are unknown", async () => {
      expect(await samplesOf(jobs)).toEqual([]);
    });

    it("leaves a gap where nothing was measured, and goes on after it", async () => {
      const found = (await samplesOf(fra)).map(({ at, requests }) => [(at - START) / MINUTE_MS, requests]);
      const inGap = found.filter(([index]) => index! >= SILENT_FROM && index! < SILENT_UNTIL);
      expect(inGap).toEqual([]);
      const after = found.filter(([index]) => index! > SILENT_UNTIL);
      expect(after).toEqual(
        Array.from({ length: MINUTES - SILENT_UNTIL - 1 }, (_, i) => {
          const index = SILENT_UNTIL + 1 + i;
          return [index, 400 + 4 * index];
        }),
      );
    });

    it("answers only bins of the span, ascending, on the grid", async () => {
      const found = await samplesOf(fra, minute(3), minute(7));
      expect(found.map(({ at }) => at)).toEqual([3, 4, 5, 6].map(minute));
    });

    it("gives the same again, and the same in two halves", async () => {
      const once = await samplesOf(fra);
      expect(await samplesOf(fra)).toEqual(once);
      const halves = [
        ...(await samplesOf(fra, minute(0), minute(30))),
        ...(await samplesOf(fra, minute(30), minute(MINUTES))),
      ];
      expect(halves.map(({ at, requests }) => [at, requests])).toEqual(
        once.map(({ at, requests }) => [at, requests]),
      );
    });

    it("answers nothing for an empty span, for one that is yet to come, and for an app nobody knows", async () => {
      expect(whole(await ask(minute(5), minute(5))).samples).toEqual([]);
      expect(whole(await ask(CONTRACT_NOW + HOUR_MS, CONTRACT_NOW + 2 * HOUR_MS)).samples).toEqual([]);
      expect(whole(await ask(minute(0), minute(5), 'no"such\\app')).samples).toEqual([]);
    });

    it("answers no bin that is not settled", async () => {
      const found = await samplesOf(fra, minute(MINUTES - 5), minute(MINUTES + 60));
      const settled = CONTRACT_NOW - harness.source.settleMs;
      expect(found.length).toBeGreaterThan(0);
      expect(found.every(({ at }) => at + MINUTE_MS <= settled)).toBe(true);
    });

    it("says how long it waits and how far back it looks", () => {
      const { settleMs, keptMs } = harness.source;
      expect(settleMs).toBeGreaterThanOrEqual(30 * SECOND_MS);
      expect(keptMs).toBeGreaterThanOrEqual(7 * DAY_MS);
    });

    it("fails as a value, with a kind and a reason", async () => {
      const answer = await ask(minute(0), minute(5), APP, harness.broken);
      expect(answer).toMatchObject({
        status: "failed",
        kind: expect.any(String),
        why: expect.stringMatching(/\w{3}/),
      });
    });
  });
}

function whole(answer: TrafficAnswer) {
  if (answer.status === "answered") return answer;
  throw new Error(`it failed (${answer.kind}): ${answer.why}`);
}
