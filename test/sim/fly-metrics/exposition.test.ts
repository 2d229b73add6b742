import { describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../../src/core/time.ts";
import { createFly } from "../../../src/sim/fly/fly.ts";
import { addHistory, exposition, historyText } from "../../../src/sim/fly-metrics/exposition.ts";
import { createFlyMetrics } from "../../../src/sim/fly-metrics/fly-metrics.ts";
import { addWork, createMeter, resetCounters, restartProxy } from "../../../src/sim/fly-metrics/meter.ts";

const START = Date.UTC(2026, 0, 7, 8, 0);
const WHO = { app: "shop", region: "fra", instance: "m1", host: "h1" };

describe("a meter", () => {
  test("shows what it counted, under Fly's names", () => {
    const meter = createMeter(WHO);
    addWork(meter, { ms: MINUTE_MS, requests: 100, errors: 4, cpu: 0.25, concurrency: 3 });
    const lines = exposition([meter]).split("\n");
    const labels = 'app="shop",region="fra",host="h1",instance="m1"';
    expect(lines).toContain(`fly_app_http_responses_count{${labels},proxy_id="blue",status="200"} 96`);
    expect(lines).toContain(`fly_app_http_responses_count{${labels},proxy_id="blue",status="503"} 4`);
    expect(lines).toContain(
      `fly_app_http_response_time_seconds_bucket{${labels},proxy_id="blue",le="+Inf"} 100`,
    );
    expect(lines).toContain(`fly_app_concurrency{${labels}} 3`);
    expect(lines).toContain(`fly_instance_cpu{${labels},cpu_id="0",mode="user"} 1500`);
    expect(lines).toContain(`fly_instance_cpu{${labels},cpu_id="0",mode="idle"} 4500`);
  });

  test("begins anew under the other colour when the proxy restarts, and under the same one after a reset", () => {
    const meter = createMeter(WHO);
    addWork(meter, { ms: MINUTE_MS, requests: 100 });
    restartProxy(meter);
    addWork(meter, { ms: MINUTE_MS, requests: 7 });
    expect(exposition([meter])).toMatch(/responses_count\{.*proxy_id="green",status="200"\} 7\n/);
    resetCounters(meter);
    expect(exposition([meter])).not.toContain("responses_count");
  });

  test("tells history with all lines of a metric together, and its end", () => {
    const history = new Map<string, string[]>();
    const meter = createMeter(WHO);
    for (const at of [START, START + 15_000]) addHistory(history, [meter], at);
    const names = historyText(history)
      .split("\n")
      .map((line) => line.split("{")[0]!);
    const runs = names.filter((name, i) => name !== names[i - 1]);
    expect(new Set(runs).size).toBe(runs.length);
    expect(historyText(history)).toMatch(/fly_instance_up\{[^}]*\} 1 1767772815\n/);
    expect(historyText(history).endsWith("\n# EOF\n")).toBe(true);
  });
});

describe("the metrics of a simulated Fly", () => {
  const counted = (page: string) =>
    [...page.matchAll(/responses_count\{.*region="(\w+)".*status="200"\} ([\d.]+)/g)].map(
      ([, region, count]) => [region, Number(count)],
    );

  test("share a pool's demand out over the machines that serve", () => {
    const fly = createFly({
      ...{ seed: 1, start: START, serveDelayMs: 0 },
      apps: [
        {
          name: "shop",
          machines: [{ region: "fra", count: 2 }, { region: "iad" }, { region: "iad", state: "stopped" }],
        },
      ],
    });
    const metrics = createFlyMetrics(fly, {
      demand: (_app, _group, region) => (region === "fra" ? 600 : 60),
    });
    fly.advanceTo(START + 90_000);
    expect(counted(metrics.page())).toEqual([
      ["fra", 450],
      ["fra", 450],
      ["iad", 90],
    ]);
    fly.advanceTo(START + 120_000);
    expect(counted(metrics.page())).toEqual([
      ["fra", 600],
      ["fra", 600],
      ["iad", 120],
    ]);
    expect(metrics.page(), "reading moves nothing").toBe(metrics.page());
  });

  test("show nothing of a stopped machine, and go on counting when it is back", () => {
    const fly = createFly({
      ...{ seed: 1, start: START, serveDelayMs: 0 },
      apps: [{ name: "shop", machines: [{ region: "fra" }] }],
    });
    const metrics = createFlyMetrics(fly, { demand: () => 60 });
    fly.advanceTo(START + MINUTE_MS);
    expect(counted(metrics.page())).toEqual([["fra", 60]]);
    const { id } = fly.machines()[0]!;
    fly.person("shop", id, "stop");
    fly.advanceTo(START + 5 * MINUTE_MS);
    expect(metrics.page()).toBe("");
    fly.person("shop", id, "start");
    fly.advanceTo(START + 10 * MINUTE_MS);
    const [[, count]] = counted(metrics.page()) as [[string, number]];
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(400);
  });
});
