// Called by cron at each slot: one tick of the autoscaler. The loop itself is src/tick/run-tick.ts.
import { serve } from "../../src/api/serve.ts";
import { tickHandlers } from "../../src/api/tick.ts";
import { readConfig } from "../../src/config.ts";
import { runTick } from "../../src/tick/run-tick.ts";
import { serveTools, wire } from "../../src/wire.ts";

const handle = serve(() => {
  const config = readConfig(Deno.env.toObject());
  const ports = wire(config);
  const rules = {
    cadenceMs: config.tick.cadenceMs,
    mode: config.mode,
    apps: config.apps,
    simulated: config.simulationUrl !== null,
  };
  return tickHandlers({
    ...ports,
    rules,
    run: (request) => ports.remembering(() => runTick(request, config.tick, ports)),
  });
}, serveTools);

export default { fetch: handle };
