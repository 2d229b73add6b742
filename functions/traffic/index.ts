// Takes traffic samples in and gives recent ones out.
import { serve } from "../../src/api/serve.ts";
import { trafficEndpoints } from "../../src/api/traffic.ts";
import { readConfig } from "../../src/config.ts";
import { serveTools, wire } from "../../src/wire.ts";

const make = () => {
  const config = readConfig(Deno.env.toObject());
  const ports = wire(config);
  return { ...ports, endpoints: trafficEndpoints({ ...ports, rules: config.ingest }) };
};

export default { fetch: serve("traffic", make, serveTools) };
