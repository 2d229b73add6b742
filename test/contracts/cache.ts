/** What every form of Cache promises while it can be reached. Values end in real time; no test depends on how long a call takes. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/ports.ts";

export type CacheHarness = { readonly cache: Cache; close?(): Promise<void> };

const LONG = { ttlMs: 60_000 };

export function describeCache(name: string, make: () => Promise<CacheHarness>): void {
  describe(`cache: ${name}`, () => {
    let harness: CacheHarness;
    let cache: Cache;
    let key: string;

    beforeAll(async () => {
      harness = await make();
      cache = harness.cache;
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      key = `key:${randomUUID()}`;
    });

    it("has what was set, as it was: texts like numbers, numbers, nesting, false and empty", async () => {
      const values = [
        "007",
        "null",
        '{"a":1}',
        "",
        0,
        -1.5e300,
        false,
        [],
        { a: [1, { b: "ü 💥" }], c: null },
      ];
      for (const [i, value] of values.entries()) await cache.set(`${key}:${i}`, value, LONG);
      for (const [i, value] of values.entries()) expect(await cache.get(`${key}:${i}`)).toEqual(value);
    });

    it("has nothing that was not set", async () => {
      expect(await cache.get(key)).toBeNull();
    });

    it("gives out no object that somebody else holds", async () => {
      const value = { list: [1] };
      await cache.set(key, value, LONG);
      value.list.push(2);
      const read = (await cache.get(key)) as typeof value;
      read.list.push(3);
      expect(await cache.get(key)).toEqual({ list: [1] });
    });

    it("keeps the last value, and only until its time is over", async () => {
      await cache.set(key, 1, LONG);
      await cache.set(key, 2, { ttlMs: 60 });
      await expect.poll(() => cache.get(key), { timeout: 20_000 }).toBeNull();
    });

    it("forgets all that carries a tag, and nothing else", async () => {
      const [shop, all] = [`${key}:shop`, `${key}:all`];
      await cache.set(`${key}:1`, 1, { ...LONG, tags: [shop, all] });
      await cache.set(`${key}:2`, 2, { ...LONG, tags: [shop] });
      await cache.set(`${key}:3`, 3, { ...LONG, tags: [all] });
      await cache.set(`${key}:4`, 4, LONG);
      await cache.invalidate(shop);
      const left = await Promise.all([1, 2, 3, 4].map((i) => cache.get(`${key}:${i}`)));
      expect(left).toEqual([null, null, 3, 4]);
      await cache.set(`${key}:1`, 5, { ...LONG, tags: [shop] });
      expect(await cache.get(`${key}:1`)).toBe(5);
      await cache.invalidate(shop);
      await cache.invalidate(`${key}:nobody`);
      expect(await cache.get(`${key}:1`)).toBeNull();
    });

    it("counts what it had and had not", async () => {
      const before = cache.stats();
      await cache.set(key, 1, LONG);
      await cache.get(key);
      await cache.get(key);
      await cache.get(`${key}:not`);
      const after = cache.stats();
      expect({
        hits: after.hits - before.hits,
        misses: after.misses - before.misses,
        sets: after.sets - before.sets,
        failures: after.failures - before.failures,
      }).toEqual({ hits: 2, misses: 1, sets: 1, failures: 0 });
    });
  });
}
