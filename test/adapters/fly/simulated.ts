/** The real client over real HTTP against the simulated Fly: the machines of the contract, and what a test needs beside. */
import { createFlyClient } from "../../../src/adapters/fly/client.ts";
import { createFlyMachineApi } from "../../../src/adapters/fly/machine-api.ts";
import type { Fetch } from "../../../src/adapters/http.ts";
import { createFly } from "../../../src/sim/fly/fly.ts";
import { serveFly } from "../../../src/sim/fly/http.ts";
import type { MachineSeed } from "../../../src/sim/fly/options.ts";
import { CONTRACT_APP } from "../../contracts/machine-api.ts";

export const DEPLOYER = "fm2_somebody-who-deploys==";
export const TOKEN = "fm2_the-token-of-these-tests==";

/** As `fly launch` leaves it, so that Fly Proxy minds min_machines_running. */
export const AUTOSTOPPED = {
  services: [
    {
      ...{ protocol: "tcp", internal_port: 8080, autostop: true, autostart: true },
      checks: [{ type: "http", method: "get", path: "/healthz", interval: "15s", timeout: "2s" }],
    },
  ],
};

export async function serveShop({
  timeoutMs = 5_000,
  fetch = globalThis.fetch,
  machines = [],
  limits = false,
  listLagMs = 0,
}: {
  timeoutMs?: number;
  fetch?: Fetch;
  machines?: readonly MachineSeed[];
  limits?: boolean;
  listLagMs?: number;
} = {}) {
  const fly = createFly({
    seed: 7,
    start: Date.UTC(2026, 5, 1),
    tokens: [
      { token: TOKEN, apps: [CONTRACT_APP, "no-such-app"] },
      { token: DEPLOYER, user: "deployer@example" },
    ],
    limits,
    listLagMs,
    apps: [
      {
        name: CONTRACT_APP,
        machines: [
          { region: "fra", processGroup: "web", count: 2 },
          { region: "fra", processGroup: "web", state: "stopped", config: AUTOSTOPPED },
          { region: "sin" },
          ...machines,
        ],
      },
      { name: "blog", machines: [{ region: "fra" }] },
    ],
  });
  const { url, close } = await serveFly(fly, { hangRealMs: 5_000 });
  const api = createFlyMachineApi({ baseUrl: url, tokens: TOKEN, fetch, timeoutMs });
  const client = createFlyClient({ baseUrl: url, tokens: TOKEN, fetch, timeoutMs });
  const deploy = createFlyClient({ baseUrl: url, tokens: DEPLOYER, fetch: globalThis.fetch, timeoutMs });
  return {
    fly,
    url,
    api,
    client,
    close,
    async hold(machineId: string) {
      await deploy.leases.acquire(CONTRACT_APP, machineId, { ttlSeconds: 120, description: "deploy" });
    },
    async leases() {
      return fly.machines().filter(({ lease }) => lease !== null && lease.expiresAt > fly.now()).length;
    },
  };
}
