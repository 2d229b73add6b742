import { describe } from "vitest";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import { startPrometheus } from "../../../src/local/prometheus.ts";
import {
  CONTRACT_MACHINES,
  CONTRACT_NOW,
  describeTrafficSource,
  MINUTES,
  START,
  WARM_UP_MINUTES,
} from "../../contracts/traffic-source.ts";
import { tellHistory, whyNoPrometheus } from "../../support/metric-history.ts";

const why = whyNoPrometheus();

describe.skipIf(why !== null)(why ?? "on a real Prometheus", () => {
  describeTrafficSource("Prometheus", async () => {
    const history = tellHistory(CONTRACT_MACHINES, START, -WARM_UP_MINUTES, MINUTES - 1);
    const prometheus = await startPrometheus({ history });
    const rest = { authorization: null, customQueries: [], fetch, clock: { now: () => CONTRACT_NOW } };
    return {
      source: createPrometheusSource({ ...rest, baseUrl: prometheus.url }),
      broken: createPrometheusSource({ ...rest, baseUrl: "http://127.0.0.1:9" }),
      close: prometheus.close,
    };
  });
});
