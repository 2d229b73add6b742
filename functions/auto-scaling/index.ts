// Called by cron at each slot: one tick of the autoscaler. The loop itself is src/tick/run-tick.ts.
import { serve } from "../../src/api/serve.ts";
import { tickEndpoints } from "../../src/api/tick.ts";
import { readConfig } from "../../src/config.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { serveTools, wire } from "../../src/wire.ts";

const make = () => {
  const config = readConfig(Deno.env.toObject());
  const ports = wire(config);
  const rules = {
    cadenceMs: config.tick.cadenceMs,
    mode: config.mode,
    apps: config.apps,
    simulated: config.simulationUrl !== null,
  };
  const endpoints = tickEndpoints({
    rules,
    run: (request) => ports.remembering(() => runTick(request, config.tick, ports)),
  });
  return { ...ports, endpoints };
};

export default { fetch: serve("auto-scaling", make, serveTools) };
