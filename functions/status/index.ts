// Says how flyahead is: alive, ready, and each pool with its forecast, plan and last decisions.
import { createProbe } from "../../src/api/probe.ts";
import { serve } from "../../src/api/serve.ts";
import { statusEndpoints } from "../../src/api/status.ts";
import { readConfig } from "../../src/config.ts";
import { serveTools, wire } from "../../src/wire.ts";

const make = () => {
  const ports = wire(readConfig(Deno.env.toObject()));
  const probe = createProbe(ports.dependencies, ports.breakers.stored, serveTools);
  return { ...ports, endpoints: statusEndpoints({ ...ports, probe }) };
};

export default { fetch: serve("status", make, serveTools) };
