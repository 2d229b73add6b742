// Clones of machines that mount volumes: each gets one of its own, none is ever destroyed or mounted twice.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FlyVolume } from "../../../src/adapters/fly/volume-calls.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { serveShop } from "./simulated.ts";

let shop: Awaited<ReturnType<typeof serveShop>>;
let templateId: string;
beforeEach(async () => {
  const volume = { name: "data", path: "/data", sizeGb: 3 };
  shop = await serveShop({ machines: [{ region: "fra", processGroup: "db", volume }] });
  templateId = shop.fly.machines().find(({ config }) => config.mounts !== undefined)!.id;
});
afterEach(() => shop.close());

const create = (name: string, region = "fra") => shop.api.create(APP, { name, region, templateId });
const volumes = () => shop.client.volumes.list(APP);
const mountsOf = async (id: string) => (await shop.client.machines.get(APP, id)).config?.mounts;
const attached = (all: readonly FlyVolume[]) => all.map((volume) => volume.attached_machine_id);

describe("a clone with a volume", () => {
  it("mounts a new one like its template's, in its own region", async () => {
    const [own] = await volumes();
    const { id } = await create("fa-db-sin-1", "sin");
    const made = (await volumes()).find((volume) => volume.id !== own!.id)!;
    expect(made).toMatchObject({
      name: "data",
      region: "sin",
      size_gb: 3,
      encrypted: true,
      attached_machine_id: id,
    });
    expect(await mountsOf(id)).toEqual([
      { volume: made.id, name: "data", path: "/data", size_gb: 3, encrypted: true },
    ]);
    expect(await mountsOf(templateId)).toMatchObject([{ volume: own!.id }]);
  });

  it("uses one that nobody mounts before another is made, of the right region, name and size only", async () => {
    const wanted = {
      name: "data",
      sizeGb: 3,
      encrypted: true,
      fstype: null,
      apart: false,
      compute: undefined,
    };
    await shop.client.volumes.create(APP, { ...wanted, region: "sin" });
    await shop.client.volumes.create(APP, { ...wanted, region: "fra", name: "other" });
    await shop.client.volumes.create(APP, { ...wanted, region: "fra", sizeGb: 2 });
    const free = await shop.client.volumes.create(APP, { ...wanted, region: "fra" });
    const { id } = await create("fa-db-fra-1");
    expect(await mountsOf(id)).toMatchObject([{ volume: free.id }]);
    expect(await volumes()).toHaveLength(5);
  });

  it("gives two clones a volume each", async () => {
    const ids = [await create("fa-db-fra-1"), await create("fa-db-fra-2")].map(({ id }) => id);
    expect(new Set(attached(await volumes()))).toEqual(new Set([templateId, ...ids]));
  });

  it("gives clones that are made side by side a volume each, and uses a free one once", async () => {
    const wanted = { name: "data", region: "fra", sizeGb: 3, encrypted: true, fstype: null };
    await shop.client.volumes.create(APP, { ...wanted, apart: false, compute: undefined });
    const made = await Promise.all([1, 2, 3, 4].map((i) => create(`fa-db-fra-${i}`)));
    const all = await volumes();
    expect(all).toHaveLength(1 + 4);
    expect(new Set(attached(all))).toEqual(new Set([templateId, ...made.map(({ id }) => id)]));
  });

  it("leaves the volume of one that was refused to the next try, also while others are under way", async () => {
    shop.fly.addFault({ kind: "noCapacity", action: "create", count: 1 });
    const side = await Promise.allSettled([1, 2, 3].map((i) => create(`fa-db-fra-${i}`)));
    expect(side.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(await volumes()).toHaveLength(1 + 3);
    await create("fa-db-fra-4");
    expect(await volumes()).toHaveLength(1 + 3);
    expect((await volumes()).filter((volume) => !volume.attached_machine_id)).toEqual([]);
  });

  it.each([
    [
      "refused for want of room",
      { kind: "noCapacity", action: "create", count: 1 },
      { kind: "capacity", scope: "volume" },
    ],
    ["cut before it was made", { kind: "cutBefore", action: "create", count: 1 }, { kind: "ambiguous" }],
  ] as const)(
    "that was %s leaves its volume to the next try, and destroys none",
    async (_how, fault, kind) => {
      shop.fly.addFault(fault);
      await expect(create("fa-db-fra-1")).rejects.toMatchObject(kind);
      expect(await volumes()).toHaveLength(2);
      const { id } = await create("fa-db-fra-1");
      expect(attached(await volumes()).sort()).toEqual([templateId, id].sort());
      expect(shop.fly.tally()).not.toHaveProperty("volumeDelete 200");
    },
  );

  it("whose volume may not have been made was not made either: the next try finds it", async () => {
    shop.fly.addFault({ kind: "cutAfter", action: "volumeCreate", count: 1 });
    await expect(create("fa-db-fra-1")).rejects.toMatchObject({ kind: "transient" });
    await create("fa-db-fra-1");
    expect(await volumes()).toHaveLength(2);
  });

  it("leaves a machine without volumes alone: no volume is asked for", async () => {
    const plain = shop.fly.machines().find(({ config }) => config.mounts === undefined)!.id;
    await shop.api.create(APP, { name: "fa-web-fra-1", region: "fra", templateId: plain });
    expect(Object.keys(shop.fly.tally()).some((call) => call.startsWith("volume"))).toBe(false);
  });
});
