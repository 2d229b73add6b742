/** The real client over real HTTP against the simulated Fly: the machines of the contract, and what a test needs beside. */
import { createFlyMachineApi } from "../../../src/adapters/fly/machine-api.ts";
import type { Fetch } from "../../../src/adapters/http.ts";
import { createFly } from "../../../src/sim/fly/fly.ts";
import { serveFly } from "../../../src/sim/fly/http.ts";
import { CONTRACT_APP } from "../../contracts/machine-api.ts";

export const TOKEN = "fm2_the-token-of-these-tests==";

export async function serveShop({
  timeoutMs = 5_000,
  fetch = globalThis.fetch,
}: {
  timeoutMs?: number;
  fetch?: Fetch;
} = {}) {
  const fly = createFly({
    seed: 7,
    start: Date.UTC(2026, 5, 1),
    tokens: [{ token: TOKEN, apps: [CONTRACT_APP, "no-such-app"] }],
    limits: false,
    apps: [
      {
        name: CONTRACT_APP,
        machines: [
          { region: "fra", processGroup: "web", count: 2 },
          { region: "fra", processGroup: "web", state: "stopped" },
          { region: "sin" },
        ],
      },
      { name: "blog", machines: [{ region: "fra" }] },
    ],
  });
  const { url, close } = await serveFly(fly, { hangRealMs: 5_000 });
  const api = createFlyMachineApi({ baseUrl: url, tokens: TOKEN, fetch, timeoutMs });
  return { fly, url, api, close };
}
