// What a real Prometheus, and a real VictoriaMetrics, hold of machines on odd days: a counter that begins anew, a proxy that restarts, a machine that
// moved, scrapes that were missed, machines that nobody lists any more; and everything that is no count.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import { type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import type { MetricQuery } from "../../../src/core/traffic.ts";
import type { LocalPrometheus } from "../../../src/local/prometheus.ts";
import type { MetricMachine, PoolSample, TrafficQuestion } from "../../../src/ports.ts";
import { resetCounters, restartProxy } from "../../../src/sim/fly-metrics/meter.ts";
import { METRIC_SERVERS, type Minute, type ToldMachine, tellHistory } from "../../support/metric-history.ts";

const START: Instant = Date.UTC(2026, 5, 17, 12, 0);
const LAST = 29;

const steady = (requests: number, more: Partial<NonNullable<Minute>> = {}) => {
  return (): Minute => ({ requests, ...more });
};
const told = (app: string, instance: string, more: Partial<ToldMachine> = {}): ToldMachine => {
  return { app, instance, region: "fra", minuteAt: steady(100), ...more };
};
const listed = (id: string, more: Partial<MetricMachine> = {}): MetricMachine => {
  return { id, region: "fra", processGroup: "web", state: "started", ...more };
};

const MACHINES: readonly ToldMachine[] = [
  // The same series from zero, in the middle of the hour.
  told("reset", "r1", { before: (meter, index) => index === 10 && resetCounters(meter) }),
  // Another proxy_id, from zero.
  told("proxy", "p1", { before: (meter, index) => index === 10 && restartProxy(meter) }),
  // From fra to iad at minute 10, on another host, counting from zero.
  told("moved", "v1", {
    before: (meter, index) => {
      if (index === 10) resetCounters(meter);
      if (index === 10) meter.machine = { ...meter.machine, region: "iad", host: "h2" };
    },
  }),
  // Three minutes that were not scraped, while it served.
  told("missed", "m1", {
    minuteAt: (index) => (index >= 10 && index < 13 ? null : { requests: index === 13 ? 400 : 100 }),
  }),
  // One of two is started and silent at the newest edges.
  told("silent", "s1"),
  told("silent", "s2", { minuteAt: (index) => (index > 27 ? null : { requests: 60 }) }),
  // A lifetime of requests before it was first seen.
  told("young", "y1"),
  told("young", "y2", {
    minuteAt: (index) => (index < 5 ? null : { requests: index === 5 ? 1_000_000 : 40 }),
  }),
  told("gone", "g-listed"),
  told("gone", "g-gone", { minuteAt: (index) => (index < 20 ? { requests: 20 } : null) }),
  told("states", "c1", { minuteAt: steady(100, { cpu: 0.25, concurrency: 3 }) }),
  told("states", "c2", { minuteAt: steady(100, { cpu: 0.75, concurrency: 9 }) }),
];

const CUSTOM: readonly MetricQuery[] = [
  {
    field: "queueDepth",
    processGroup: null,
    text: 'sum by (region) (last_over_time(fly_app_concurrency{app="%APP%"}[%BIN%])) * 10',
  },
  {
    field: "requests",
    processGroup: "jobs",
    text: 'sum by (region) (count_over_time(fly_instance_up{app="%APP%"}[59s]))',
  },
  { field: "errors", processGroup: null, text: "vector(7)" },
  { field: "p95LatencyMs", processGroup: null, text: "vector(1) / vector(0)" },
];

describe.each(METRIC_SERVERS)("on a real $name", ({ why, start }) => {
  const missing = why();
  if (missing !== null) return test.skip(missing);
  let prometheus: LocalPrometheus;
  beforeAll(async () => {
    prometheus = await start(tellHistory(MACHINES, START, -10, LAST));
  });
  afterAll(() => prometheus?.close());

  async function read(
    app: string,
    more: Partial<TrafficQuestion> = {},
    customQueries: readonly MetricQuery[] = [],
  ) {
    const now = START + (LAST + 2) * MINUTE_MS;
    const source = createPrometheusSource({
      ...{ baseUrl: `${prometheus.url}/`, authorization: null, fetch, clock: { now: () => now } },
      customQueries,
    });
    const machines = MACHINES.filter((machine) => machine.app === app).map(({ instance }) =>
      listed(instance),
    );
    const answer = await source.read({
      ...{ app, from: START, until: START + (LAST + 1) * MINUTE_MS, binMs: MINUTE_MS, timeoutMs: 10_000 },
      ...{ machines, pools: [{ app, region: "fra", processGroup: "web" }] },
      ...more,
    });
    if (answer.status === "failed") throw new Error(answer.why);
    return answer;
  }
  const requestsIn = (samples: readonly PoolSample[], region = "fra") =>
    Object.fromEntries(
      samples
        .filter(({ pool }) => pool.region === region)
        .map(({ at, requests }) => [(at - START) / MINUTE_MS, requests]),
    );
  const minutes = (from: number, until: number, requests: number) =>
    Object.fromEntries(Array.from({ length: until - from }, (_, i) => [from + i, requests]));

  test.each(["reset", "proxy"])("a counter that begins anew (%s) loses nothing", async (app) => {
    expect(requestsIn((await read(app)).samples)).toEqual(minutes(0, LAST + 1, 100));
  });

  test("a machine that moved counts where it was, minute by minute", async () => {
    const { samples } = await read("moved");
    expect(requestsIn(samples, "fra")).toEqual(minutes(0, 10, 100));
    // The minute of the move has only one edge in iad.
    expect(requestsIn(samples, "iad")).toEqual(minutes(11, LAST + 1, 100));
  });

  test("what was counted while scrapes were missed is spread over them, and nothing is lost", async () => {
    const found = requestsIn((await read("missed")).samples);
    expect(found).toEqual({ ...minutes(0, 10, 100), ...minutes(10, 14, 100), ...minutes(14, LAST + 1, 100) });
  });

  test("the newest bins wait for a started machine that is silent; a stopped one is not waited for", async () => {
    expect(requestsIn((await read("silent")).samples)).toEqual(minutes(0, 28, 160));
    const machines = [listed("s1"), listed("s2", { state: "stopped" })];
    const stopped = requestsIn((await read("silent", { machines })).samples);
    expect(stopped).toEqual({ ...minutes(0, 28, 160), ...minutes(28, LAST + 1, 100) });
  });

  test("the first reading of a machine is where counting begins, not what it served", async () => {
    const found = requestsIn((await read("young")).samples);
    expect(found[5]).toBe(100);
    expect(found[6]).toBe(140);
    expect(Math.max(...Object.values(found))).toBeLessThan(1_000_000);
  });

  test("a machine that is no longer listed belongs to the only group there is", async () => {
    const { samples, warnings } = await read("gone", { machines: [listed("g-listed")] });
    expect(requestsIn(samples)).toEqual({ ...minutes(0, 20, 120), ...minutes(20, LAST + 1, 100) });
    expect(warnings).toEqual([]);
  });

  test("or to the only one that serves; where two do it is left out, and that is told", async () => {
    const pools = ["web", "jobs"].map((processGroup) => ({ app: "gone", region: "fra", processGroup }));
    const one = await read("gone", { machines: [listed("g-listed")], pools });
    expect(requestsIn(one.samples)[3]).toBe(120);
    const none = await read("gone", { machines: [], pools });
    expect(none.samples).toEqual([]);
    expect(none.warnings).toEqual([expect.stringMatching(/^2 machines \(g-.*left out$/)]);
  });

  test("states: shares are means, what is in flight is a sum, and stands against the soft limits", async () => {
    const machines = [listed("c1", { softLimit: 10 }), listed("c2", { softLimit: 10 })];
    const { samples, saturation } = await read("states", { machines });
    const sample = samples.at(-1)!;
    expect(sample).toMatchObject({ requests: 200, errors: 0, concurrency: 12 });
    expect(sample.cpu).toBeCloseTo(0.5, 6);
    expect(sample.memory).toBeCloseTo(0.25, 6);
    expect(sample.disk).toBeCloseTo(0.125, 6);
    // 94 % within 0.25 s, 98 % within 0.5 s: a quarter of the way.
    expect(sample.p95LatencyMs).toBeCloseTo(312.5, 3);
    expect(saturation).toEqual([{ pool: { app: "states", region: "fra", processGroup: "web" }, share: 0.6 }]);
  });

  test("the owner's queries: by region, for one group, for the only pool, and what answers nothing", async () => {
    const jobs = { app: "states", region: "fra", processGroup: "jobs" };
    const web = { ...jobs, processGroup: "web" };
    const { samples, warnings } = await read("states", { pools: [web, jobs] }, CUSTOM);
    const at = START + 5 * MINUTE_MS;
    const [first, second] = samples.filter((sample) => sample.at === at);
    expect(first).toMatchObject({ pool: jobs, requests: 8, queueDepth: 120 });
    expect(second).toMatchObject({ pool: web, requests: 200, queueDepth: 120, errors: 0 });
    expect(warnings).toEqual([expect.stringMatching(/errors .*no one pool/)]);
    const alone = await read("states", {}, [CUSTOM[2]!, CUSTOM[3]!]);
    expect(alone.samples[0]).toMatchObject({ errors: 7, p95LatencyMs: expect.closeTo(312.5, 3) });
  });
});
