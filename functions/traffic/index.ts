// Takes traffic samples in and gives recent ones out.
import { serve } from "../../src/api/serve.ts";
import { trafficHandlers } from "../../src/api/traffic.ts";
import { readConfig } from "../../src/config.ts";
import { serveTools, wire } from "../../src/wire.ts";

const handle = serve(() => {
  const config = readConfig(Deno.env.toObject());
  return trafficHandlers({ ...wire(config), rules: config.ingest });
}, serveTools);

export default { fetch: handle };
