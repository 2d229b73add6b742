// The way in production: a real Prometheus scrapes a page, here the simulator's, in real time. A "minute" of two seconds
// keeps it short. What comes out must be what the simulator's own meters counted.
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import { floorTo, MINUTE_MS } from "../../../src/core/time.ts";
import { type LocalPrometheus, startPrometheus } from "../../../src/local/prometheus.ts";
import { createFly, type Fly } from "../../../src/sim/fly/fly.ts";
import { createFlyMetrics, type FlyMetrics } from "../../../src/sim/fly-metrics/fly-metrics.ts";
import { type ServedMetrics, serveMetrics } from "../../../src/sim/fly-metrics/http.ts";
import { whyNoPrometheus } from "../../support/metric-history.ts";

const why = whyNoPrometheus();
const BIN_MS = 2_000;
const PER_MINUTE = 6_000;

describe.skipIf(why !== null)(why ?? "scraping the simulator", () => {
  let fly: Fly;
  let metrics: FlyMetrics;
  let page: ServedMetrics;
  let prometheus: LocalPrometheus;

  beforeAll(async () => {
    const machines = [{ region: "fra", count: 2 }, { region: "iad" }];
    fly = createFly({ seed: 1, start: Date.now(), serveDelayMs: 0, apps: [{ name: "shop", machines }] });
    metrics = createFlyMetrics(fly, {
      demand: (_app, _group, region) => (region === "fra" ? PER_MINUTE : 0),
    });
    page = await serveMetrics(() => {
      fly.advanceTo(Math.max(fly.now(), Date.now()));
      return metrics.page();
    });
    prometheus = await startPrometheus({ targets: [page.target], scrapeIntervalMs: 250 });
  });
  afterAll(async () => {
    await prometheus?.close();
    await page?.close();
  });

  test("bins hold what was counted, pool by pool", async () => {
    const source = createPrometheusSource({
      ...{ baseUrl: prometheus.url, authorization: null, customQueries: [], fetch },
      ...{ clock: { now: () => Date.now() }, settleMs: 500 },
    });
    const from = floorTo(Date.now(), BIN_MS) - BIN_MS;
    const read = async () => {
      const answer = await source.read({
        ...{ app: "shop", from, until: from + 60 * BIN_MS, binMs: BIN_MS, timeoutMs: 5_000, pools: [] },
        machines: fly
          .machines()
          .map(({ id, region }) => ({ id, region, processGroup: "app", state: "started" })),
      });
      if (answer.status === "failed") throw new Error(answer.why);
      return answer.samples;
    };
    const of = (samples: Awaited<ReturnType<typeof read>>, region: string) =>
      samples.filter(({ pool }) => pool.region === region);
    let samples = await read();
    for (const patience = Date.now() + 30_000; of(samples, "fra").length < 4 && Date.now() < patience; ) {
      await wait(500);
      samples = await read();
    }
    const [fra, iad] = ["fra", "iad"].map((region) => of(samples, region));
    expect(fra!.length).toBeGreaterThanOrEqual(4);
    expect(fra!.every(({ at }) => at % BIN_MS === 0)).toBe(true);
    expect(iad!.map(({ requests }) => requests)).toEqual(new Array(iad!.length).fill(0));
    // A reading at an edge is less than a bin old, so that together they are right to within one bin.
    const counted = fra!.reduce((sum, { requests }) => sum + requests, 0);
    const expected = (PER_MINUTE * BIN_MS * fra!.length) / MINUTE_MS;
    const perBin = expected / fra!.length;
    expect(Math.abs(counted - expected)).toBeLessThan(perBin);
    expect(fra![0]).toMatchObject({ errors: 0, cpu: expect.any(Number), p95LatencyMs: expect.any(Number) });
  });
});
