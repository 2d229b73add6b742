import { describe } from "vitest";
import { createPrometheusSource } from "../../../src/adapters/prometheus/source.ts";
import {
  CONTRACT_MACHINES,
  CONTRACT_NOW,
  describeTrafficSource,
  MINUTES,
  START,
  WARM_UP_MINUTES,
} from "../../contracts/traffic-source.ts";
import { METRIC_SERVERS, tellHistory } from "../../support/metric-history.ts";

for (const { name, why, start } of METRIC_SERVERS) {
  describe.skipIf(why() !== null)(why() ?? `on a real ${name}`, () => {
    describeTrafficSource(name, async () => {
      const server = await start(tellHistory(CONTRACT_MACHINES, START, -WARM_UP_MINUTES, MINUTES - 1));
      const rest = { authorization: null, customQueries: [], fetch, clock: { now: () => CONTRACT_NOW } };
      return {
        source: createPrometheusSource({ ...rest, baseUrl: server.url }),
        broken: createPrometheusSource({ ...rest, baseUrl: "http://127.0.0.1:9" }),
        close: server.close,
      };
    });
  });
}
