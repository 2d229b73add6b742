// The deployed way: the function in Deno pulls its samples from a real Prometheus, nobody sends any. The simulator's clock
// rules, and the history was made for its time.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type LocalPrometheus, startPrometheus } from "../../src/local/prometheus.ts";
import { createFly } from "../../src/sim/fly/fly.ts";
import { type Lab, START, startLab } from "../support/installation.ts";
import { tellHistory, whyNoPrometheus } from "../support/metric-history.ts";

const why = whyNoPrometheus();
const APPS = { shop: [{ region: "fra" }, { region: "fra", state: "stopped", count: 2 }] } as const;
const COUNTED = ["fly_app_http_responses_count", "fly_app_concurrency", "fly_instance_up"];
const TOKEN = "fm2_metrics-of-these-tests";
/** Twice what one machine carries at noon, half of that at midnight. */
const loadAt = (at: Instant) => 600 + Math.round(300 * Math.sin((2 * Math.PI * (at - 6 * HOUR_MS)) / DAY_MS));

describe.skipIf(why !== null)(why ?? "auto-scaling with a source of metrics", () => {
  let lab: Lab;
  let prometheus: LocalPrometheus;

  beforeAll(async () => {
    // The same seed makes the same machine ids.
    const twin = createFly({ seed: 7, start: START, apps: [{ name: "shop", machines: APPS.shop }] });
    const { id } = twin.machines()[0]!;
    const from = START - 15 * DAY_MS;
    const machine = {
      ...{ app: "shop", region: "fra", instance: id },
      minuteAt: (index: number) => ({ requests: loadAt(from + index * MINUTE_MS) }),
    };
    const minutes = (15 * DAY_MS + 6 * HOUR_MS) / MINUTE_MS;
    const history = tellHistory([machine], from, 0, minutes, { scrapes: 1, metrics: COUNTED });
    prometheus = await startPrometheus({ history });
    lab = await startLab(APPS, { env: { PROMETHEUS_URL: prometheus.url, PROMETHEUS_TOKEN: TOKEN } });
  }, 60_000);
  afterAll(async () => {
    await lab?.close();
    await prometheus?.close();
  });

  test("the first tick finds the pools, the next one decides from what it pulled", async () => {
    await lab.adopt("shop");
    lab.nextSlot();
    const { status, body } = await lab.tick("shop");
    expect(status).toBe(200);
    expect(body.apps[0]).toMatchObject({ status: "done", pools: [{ kind: "grow", from: 1, to: 2 }] });
    const [row] = await lab.sql<{ pulled: number; sent: number }[]>`
      select count(*) filter (where pulled_at = received_at)::integer as pulled,
        count(*) filter (where pulled_at is distinct from received_at)::integer as sent from flyahead.traffic_samples`;
    expect(row!.pulled).toBeGreaterThan(50);
    expect(row!.sent).toBe(0);
    const wrong = await lab.sql<{ at: number; requests: number }[]>`
      select flyahead.epoch_ms(at) as at, requests from flyahead.traffic_samples`;
    expect(wrong.filter(({ at, requests }) => requests !== loadAt(at))).toEqual([]);
    expect(JSON.stringify(body)).not.toContain(TOKEN);
  });

  test("the ticks of the first hour bring the two weeks before", async () => {
    for (let tick = 0; tick < 3; tick++) {
      lab.nextSlot();
      expect((await lab.tick("shop")).status).toBe(200);
    }
    const [pull] = await lab.sql<{ finished: boolean; minutes: number }[]>`
      select p.finished_at is not null as finished, (select count(*)::integer from flyahead.traffic_samples) as minutes
      from flyahead.sample_pulls p where p.app = 'shop'`;
    expect(pull!.finished).toBe(true);
    expect(pull!.minutes).toBeGreaterThan((14.9 * DAY_MS) / MINUTE_MS);
    lab.nextSlot();
    const { body } = await lab.tick("shop");
    expect(body.apps[0].pools[0].reason).toMatch(/2 weeks alike/);
  });
});
