/** Makes every call of the client once, on the simulated Fly, and tells what was sent. */
import { createFlyClient } from "../../../src/adapters/fly/client.ts";
import { createVerbs } from "../../../src/adapters/fly/verbs.ts";
import type { Fetch } from "../../../src/adapters/http.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { DEPLOYER, serveShop } from "./simulated.ts";

export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly nonce: boolean;
  readonly body: string | undefined;
};
type Shop = Awaited<ReturnType<typeof serveShop>>;

export async function requestsOfAllCalls(): Promise<Sent[]> {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    const { pathname: path, searchParams } = new URL(String(url));
    sent.push({
      method: init!.method!.toLowerCase(),
      path,
      query: [...searchParams.keys()],
      nonce: new Headers(init!.headers).has("fly-machine-lease-nonce"),
      body: init!.body as string | undefined,
    });
    return globalThis.fetch(url, init);
  };
  const volume = { name: "data", path: "/data" };
  const shop = await serveShop({ fetch, machines: [{ region: "fra", volume }] });
  await callsOfThePort(shop);
  await callsUnderALease(shop);
  await callsOfALife(shop);
  await callsOfThePlatform(shop.url, fetch);
  await shop.close();
  return sent;
}

async function callsOfThePort({ api, fly }: Shop): Promise<void> {
  const machines = await api.list(APP);
  const started = machines.find(({ state }) => state === "started")!.id;
  const mounted = fly.machines().find(({ config }) => config.mounts !== undefined)!.id;
  await api.get(APP, started);
  await api.start(APP, machines.find(({ state }) => state === "stopped")!.id);
  await api.create(APP, { name: "fa-web-fra-1", region: "fra", templateId: started });
  await api.create(APP, { name: "fa-app-fra-1", region: "fra", templateId: mounted });
  await api.stop(APP, started);
}

async function callsUnderALease({ client }: Shop): Promise<void> {
  const { machines, leases, metadata } = client;
  const [machine] = await machines.list(APP, { region: "sin", states: ["started"] });
  const { id } = machine!;
  const config = machine!.config!;
  const version = machine!.version!;
  const { nonce } = await leases.acquire(APP, id, { ttlSeconds: 5, description: "a test" });
  await leases.refresh(APP, id, nonce, 60);
  await leases.get(APP, id);
  await machines.cordon(APP, id, nonce);
  await machines.uncordon(APP, id, nonce);
  await metadata.set(APP, id, "a", "1");
  await metadata.merge(APP, id, { a: null }, version);
  await metadata.get(APP, id);
  await metadata.remove(APP, id, "a");
  const updated = await machines.update(APP, id, { config, version, nonce, skipLaunch: true });
  await machines.wait(APP, id, "stopped", 30, updated.version!);
  await machines.start(APP, id, nonce);
  await leases.release(APP, id, nonce);
}

async function callsOfALife({ client }: Shop): Promise<void> {
  const { machines } = client;
  const verbs = createVerbs(client, 5);
  const [template] = await machines.list(APP, { includeDeleted: true });
  const parked = {
    name: "parked",
    region: "fra",
    config: template!.config!,
    skipLaunch: true,
    cordoned: true,
  };
  const { id } = await machines.create(APP, parked);
  await machines.list(APP, { summary: true });
  await machines.wait(APP, id, "stopped", 30);
  await machines.start(APP, id);
  await machines.wait(APP, id, "started", 30);
  await machines.stop(APP, id, { signal: "SIGTERM", graceSeconds: 5 });
  await machines.wait(APP, id, "stopped", 30);
  await machines.start(APP, id);
  await machines.wait(APP, id, "started", 30);
  await verbs.suspend(APP, id);
  await verbs.destroy(APP, id);
}

async function callsOfThePlatform(baseUrl: string, fetch: Fetch): Promise<void> {
  const { platform } = createFlyClient({ baseUrl, tokens: DEPLOYER, fetch, timeoutMs: 5_000 });
  const guest = { cpu_kind: "shared", cpus: 1, memory_mb: 256 };
  await platform.regions();
  await platform.placements({ organisation: "personal", region: "fra", count: 1, guest });
  const since = { updatedAfter: "2026-01-01T00:00:00Z", region: "fra" };
  const { nextCursor } = await platform.organisationMachines("personal", { limit: 1, ...since });
  await platform.organisationMachines("personal", { cursor: nextCursor! });
}
