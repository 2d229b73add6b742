// Every call of the client on the simulated Fly: what it answers, and how it fails where failing is an answer.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFlyClient, type FlyClient } from "../../../src/adapters/fly/client.ts";
import { createVerbs, type Verbs } from "../../../src/adapters/fly/verbs.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { DEPLOYER, serveShop } from "./simulated.ts";

let shop: Awaited<ReturnType<typeof serveShop>>;
let client: FlyClient;
let verbs: Verbs;
let started: string;
let stopped: string;
beforeEach(async () => {
  shop = await serveShop();
  client = shop.client;
  verbs = createVerbs(client, 10);
  const machines = await client.machines.list(APP);
  started = machines.find(({ state }) => state === "started")!.id;
  stopped = machines.find(({ state }) => state === "stopped")!.id;
});
afterEach(() => shop.close());

const failsWith = (kind: string) => ({ name: "MachineApiError", kind });
const stateOf = (id: string) => shop.fly.machines().find((machine) => machine.id === id)?.state;

describe("machines", () => {
  it("lists by region, state and metadata; a summary has no configuration", async () => {
    const { list } = client.machines;
    expect(await list(APP, { region: "sin" })).toMatchObject([{ region: "sin" }]);
    expect(await list(APP, { states: ["stopped", "suspended"] })).toMatchObject([{ id: stopped }]);
    expect(await list(APP, { metadata: { fly_process_group: "web" } })).toHaveLength(3);
    expect((await list(APP, { summary: true }))[0]?.config).toBeUndefined();
    await verbs.destroy(APP, stopped);
    shop.fly.sleep(20_000);
    expect(await list(APP)).toHaveLength(3);
    expect(await list(APP, { includeDeleted: true })).toHaveLength(4);
  });

  it("waits for a state, and says when the time was over first", async () => {
    await client.machines.start(APP, stopped);
    expect(await client.machines.wait(APP, stopped, "started", 30)).toBe(true);
    expect(await client.machines.wait(APP, started, "stopped", 1)).toBe(false);
    await expect(client.machines.wait(APP, "gone", "started", 1)).rejects.toMatchObject(
      failsWith("notFound"),
    );
  });

  it("asks for no more than a minute", async () => {
    expect(await client.machines.wait(APP, started, "stopped", 90)).toBe(false);
  });

  it("updates the version that it read, and no other", async () => {
    const { config, version } = await client.machines.get(APP, stopped);
    const change = { config: { ...config!, env: { A: "1" } }, version: version! };
    const updated = await client.machines.update(APP, stopped, change);
    expect(updated.config?.env).toEqual({ A: "1" });
    await expect(client.machines.update(APP, stopped, change)).rejects.toMatchObject(
      failsWith("versionMoved"),
    );
  });

  it("creates one cordoned, and one that is not launched", async () => {
    const { config } = await client.machines.get(APP, started);
    const made = await client.machines.create(APP, {
      name: "green",
      region: "fra",
      config: config!,
      cordoned: true,
    });
    expect(made).toMatchObject({ name: "green", cordoned: true });
    const parked = { name: "parked", region: "fra", config: config!, skipLaunch: true };
    const { id } = await client.machines.create(APP, parked);
    expect(await client.machines.wait(APP, id, "stopped", 60)).toBe(true);
  });

  it("cordons and uncordons", async () => {
    await client.machines.cordon(APP, started);
    expect((await client.machines.get(APP, started)).cordoned).toBe(true);
    await client.machines.uncordon(APP, started);
    expect((await client.machines.get(APP, started)).cordoned).toBe(false);
  });

  it("stops with a signal and a grace", async () => {
    await client.machines.stop(APP, started, { signal: "SIGTERM", graceSeconds: 30 });
    expect(stateOf(started)).toBe("stopping");
    await expect(client.machines.stop(APP, started, { signal: "SIGNOTHING" })).rejects.toMatchObject(
      failsWith("invalid"),
    );
  });
});

describe("a verb that finds it done is done", () => {
  it.each(["start", "stop", "suspend", "destroy"] as const)("%s", async (verb) => {
    const id = verb === "start" ? stopped : started;
    expect(await verbs[verb](APP, id)).toBe("done");
    expect(await verbs[verb](APP, id)).toBe("alreadyDone");
    shop.fly.sleep(5_000);
    expect(await verbs[verb](APP, id)).toBe("alreadyDone");
    expect(await shop.leases()).toBe(0);
    expect(shop.fly.log().filter(({ machineId }) => machineId === id)).toHaveLength(1);
  });

  it("destroys one that is gone, and refuses to suspend one that stands", async () => {
    expect(await verbs.destroy(APP, "gone")).toBe("alreadyDone");
    await expect(verbs.suspend(APP, stopped)).rejects.toMatchObject(failsWith("wrongState"));
  });
});

describe("leases", () => {
  const terms = { ttlSeconds: 20, description: "a test" };

  it("are taken, shown, made longer, given back", async () => {
    const { leases } = client;
    expect(await leases.get(APP, started)).toBeNull();
    const lease = await leases.acquire(APP, started, terms);
    expect(lease.nonce).not.toBe("");
    expect(Math.abs(lease.expiresAt - shop.fly.now() - 20_000)).toBeLessThan(1_000);
    expect(await leases.get(APP, started)).toMatchObject({ description: "a test", owner: lease.owner });
    const longer = await leases.refresh(APP, started, lease.nonce, 60);
    expect(longer.nonce).toBe(lease.nonce);
    expect(longer.expiresAt).toBeGreaterThan(lease.expiresAt);
    expect(await leases.release(APP, started, lease.nonce)).toBe("done");
    expect(await leases.release(APP, started, lease.nonce)).toBe("alreadyDone");
  });

  it("let pass who has the nonce, and nobody else", async () => {
    const { nonce } = await client.leases.acquire(APP, started, terms);
    await expect(client.machines.stop(APP, started)).rejects.toMatchObject(failsWith("leaseHeld"));
    await expect(client.leases.acquire(APP, started, terms)).rejects.toMatchObject(failsWith("leaseHeld"));
    await expect(client.leases.refresh(APP, started, "guessed", 60)).rejects.toMatchObject(
      failsWith("leaseHeld"),
    );
    await client.machines.cordon(APP, started, nonce);
    await client.machines.stop(APP, started, { nonce });
    expect(stateOf(started)).toBe("stopping");
  });
});

describe("metadata", () => {
  it("is read, set, merged under a version, removed", async () => {
    const { metadata } = client;
    await metadata.set(APP, started, "note", "one");
    expect(await metadata.get(APP, started)).toMatchObject({ note: "one", fly_process_group: "web" });
    const { version } = await client.machines.get(APP, started);
    await metadata.merge(APP, started, { note: null, other: "two" }, version!);
    await expect(metadata.merge(APP, started, { other: "three" }, "old")).rejects.toMatchObject(
      failsWith("versionMoved"),
    );
    await metadata.remove(APP, started, "other");
    const left = await metadata.get(APP, started);
    expect(left).not.toHaveProperty("note");
    expect(left).not.toHaveProperty("other");
  });
});

describe("the platform and the organisation", () => {
  const organisation = () =>
    createFlyClient({ baseUrl: shop.url, tokens: DEPLOYER, fetch, timeoutMs: 5_000 }).platform;

  it("lists regions, without a token too", async () => {
    const bare = createFlyClient({ baseUrl: shop.url, tokens: "", fetch, timeoutMs: 5_000 });
    const regions = await bare.platform.regions();
    expect(regions.find(({ code }) => code === "fra")).toMatchObject({
      name: "Frankfurt",
      deprecated: false,
    });
    expect(regions.find(({ code }) => code === "yul")?.deprecated).toBe(true);
  });

  it("reads both spellings of the regions' list", async () => {
    const answer = async () =>
      new Response('{"Regions":[{"code":"fra","name":"Frankfurt"}],"Nearest":"fra"}');
    const other = createFlyClient({ baseUrl: shop.url, tokens: "", fetch: answer, timeoutMs: 5_000 });
    expect(await other.platform.regions()).toMatchObject([{ code: "fra" }]);
  });

  it("asks where machines would find room", async () => {
    const guest = { cpu_kind: "shared", cpus: 1, memory_mb: 256 };
    const found = await organisation().placements({
      organisation: "personal",
      region: "fra,sin",
      count: 3,
      guest,
    });
    expect([...found]).toEqual([["fra", 3]]);
  });

  it("turns the pages of an organisation's machines", async () => {
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await organisation().organisationMachines("personal", {
        limit: 2,
        ...(cursor ? { cursor } : {}),
      });
      expect(page.machines.length).toBeLessThanOrEqual(2);
      expect(page.errorRegions).toEqual([]);
      seen.push(...page.machines.map(({ app_name, id }) => `${app_name} ${id}`));
      cursor = page.nextCursor;
    }
    const all = shop.fly.machines().map(({ app, id }) => `${app} ${id}`);
    expect(seen.sort()).toEqual(all.sort());
  });

  it("needs a token that is not for one app alone", async () => {
    const narrow = createFlyClient({
      baseUrl: shop.url,
      tokens: `shop=${DEPLOYER}`,
      fetch,
      timeoutMs: 5_000,
    });
    const refused = narrow.platform.organisationMachines("personal");
    await expect(refused).rejects.toThrow(/no token is set that is not for one app alone/);
  });
});
