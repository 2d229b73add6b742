/** What every form of PoolStatuses promises about who sees which pool. */
import { beforeEach, describe, expect, it } from "vitest";
import type { PoolStatuses } from "../../src/ports.ts";

export type PoolStatusHarness = {
  readonly pools: PoolStatuses;
  /** Three pools: shop in fra and iad, blog in fra, with their ids; shop in fra has three decisions. */
  readonly ids: { readonly shopFra: number; readonly shopIad: number; readonly blogFra: number };
};

export function describePoolStatuses(name: string, make: () => Promise<PoolStatusHarness>): void {
  describe(`pool statuses: ${name}`, () => {
    let harness: PoolStatusHarness;
    beforeEach(async () => {
      harness = await make();
    });
    const listed = async (apps: readonly string[] | null) =>
      (await harness.pools.list(apps)).map(({ pool }) => `${pool.app}@${pool.region}`).sort();

    it("lists the pools of the apps that are named, all where none is, none where none may be seen", async () => {
      expect(await listed(null)).toEqual(["blog@fra", "shop@fra", "shop@iad"]);
      expect(await listed(["shop"])).toEqual(["shop@fra", "shop@iad"]);
      expect(await listed(["blog", "nobody"])).toEqual(["blog@fra"]);
      expect(await listed([])).toEqual([]);
      expect(await listed(['shop","blog'])).toEqual([]);
    });

    it("finds a pool by its id, with as many decisions as asked, the newest first", async () => {
      const { pools, ids } = harness;
      const found = await pools.find(ids.shopFra, null, 2);
      expect(found).toMatchObject({
        id: ids.shopFra,
        pool: { app: "shop", region: "fra", processGroup: "app" },
      });
      const slots = found!.decisions.map(({ slot }) => slot);
      expect(slots).toHaveLength(2);
      expect(slots).toEqual([...slots].sort((a, b) => b - a));
      expect((await pools.find(ids.shopFra, ["shop"], 0))!.decisions).toEqual([]);
      expect((await pools.find(ids.shopFra, ["shop"], 100))!.decisions).toHaveLength(3);
    });

    it("a pool of another app is as good as none", async () => {
      const { pools, ids } = harness;
      expect(await pools.find(ids.blogFra, ["shop"], 5)).toBeNull();
      expect(await pools.find(ids.blogFra, [], 5)).toBeNull();
      expect(await pools.find(987_654_321, null, 5)).toBeNull();
      expect(await pools.find(ids.blogFra, ["blog"], 5)).not.toBeNull();
    });
  });
}
