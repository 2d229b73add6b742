// Why the newest edge waits: a real VictoriaMetrics with readings up to this moment.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import { floorTo, MINUTE_MS } from "../../../src/core/time.ts";
import type { LocalPrometheus } from "../../../src/local/prometheus.ts";
import { startVictoriaMetrics } from "../../../src/local/victoria-metrics.ts";
import { tellHistory, whyNoVictoriaMetrics } from "../../support/metric-history.ts";

const why = whyNoVictoriaMetrics();
const BIN_MS = 10_000;

describe.skipIf(why !== null)(why ?? "the newest bins of a real VictoriaMetrics", () => {
  let server: LocalPrometheus;
  beforeAll(async () => {
    // Ten minutes of it lie ahead, so that there is always a reading of now.
    const start = floorTo(Date.now(), MINUTE_MS) - 20 * MINUTE_MS;
    const machine = { app: "shop", region: "fra", instance: "m1", minuteAt: () => ({ requests: 600 }) };
    server = await startVictoriaMetrics(tellHistory([machine], start, 0, 30, { scrapes: 60 }));
  });
  afterAll(() => server?.close());

  async function newest(settleMs?: number) {
    const now = Date.now();
    const source = createPrometheusSource({
      ...{ baseUrl: server.url, authorization: null, customQueries: [], fetch, clock: { now: () => now } },
      ...(settleMs === undefined ? {} : { settleMs }),
    });
    const until = floorTo(now, BIN_MS);
    const answer = await source.read({
      ...{ app: "shop", from: until - 20 * BIN_MS, until, binMs: BIN_MS, timeoutMs: 5_000 },
      ...{ machines: [], pools: [{ app: "shop", region: "fra", processGroup: "web" }] },
    });
    if (answer.status === "failed") throw new Error(answer.why);
    return answer.samples.map(({ requests }) => requests);
  }

  test("are answered with the value before while they are hidden, which would read as zeros", async () => {
    const found = await newest(0);
    // Other versions leave them out.
    expect(found.length < 20 || found.slice(-2).includes(0)).toBe(true);
  });

  test("are not asked for by us", async () => {
    const found = await newest();
    expect(found.length).toBeGreaterThan(10);
    expect(found).toEqual(new Array(found.length).fill(100));
  });
});
