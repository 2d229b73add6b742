/** A small Fly for tests: app "shop", two started machines in iad and one stopped in ams, exact durations. */
import type { FlyAnswer } from "../../../src/sim/fly/call.ts";
import { createFly, type Fly } from "../../../src/sim/fly/fly.ts";
import type { FlyOptions, Json } from "../../../src/sim/fly/options.ts";

export const START = Date.UTC(2026, 0, 5);
export const TOKEN = "fm2_test";

export function smallFly(options: Partial<FlyOptions> = {}): Fly {
  return createFly({
    seed: 1,
    start: START,
    tokens: [TOKEN],
    limits: false,
    apps: [
      {
        name: "shop",
        machines: [
          { region: "iad", count: 2 },
          { region: "ams", state: "stopped" },
        ],
      },
    ],
    ...options,
  });
}

/** Calls below /v1/apps/shop, or below /v1 where the path begins with "//". */
export function call(
  fly: Fly,
  address: string,
  body?: unknown,
  headers: Record<string, string> = {},
): FlyAnswer {
  const [method = "", path = ""] = address.split(" ");
  const full = path.startsWith("//") ? `/v1/${path.slice(2)}` : `/v1/apps/shop${path}`;
  return fly.handle({ method, path: full, body, headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

export function json(answer: FlyAnswer): Json {
  return answer.body as Json;
}

export function create(fly: Fly, more: Json = {}, headers: Record<string, string> = {}): FlyAnswer {
  const config = { image: "registry.fly.io/shop:1", metadata: { fly_process_group: "app" } };
  return call(fly, "POST /machines", { region: "iad", config, ...more }, headers);
}

export function list(fly: Fly, query = ""): Json[] {
  return call(fly, `GET /machines${query}`).body as Json[];
}

/** The id of the first machine in this state. */
export function idOf(fly: Fly, state: string): string {
  const found = fly.machines().find((machine) => machine.state === state);
  if (found === undefined) throw new Error(`no machine is ${state}`);
  return found.id;
}

export function stateOf(fly: Fly, id: string): string | undefined {
  return fly.machines().find((machine) => machine.id === id)?.state;
}
