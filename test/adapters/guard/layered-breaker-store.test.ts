import { describe, expect, test } from "vitest";
import { createLayeredBreakerStore } from "../../../src/adapters/guard/layered-breaker-store.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { closedBreaker } from "../../../src/core/breaker/breaker.ts";
import type { BreakerStore } from "../../../src/ports.ts";
import { describeBreakerStore, describeProbePermits } from "../../contracts/breaker-store.ts";

const entry = (name: string, version: number) => ({ name, version, breaker: closedBreaker(version) });

function scene() {
  const away = { first: false, second: false };
  const lines: string[] = [];
  const [first, second] = [createMemoryBreakerStore(Date.now), createMemoryBreakerStore(Date.now)];
  const mayFail = (which: keyof typeof away, store: BreakerStore): BreakerStore => {
    const unlessAway = <T>(work: () => Promise<T>) =>
      away[which] ? Promise.reject(new Error(`${which} away`)) : work();
    return {
      load: () => unlessAway(() => store.load()),
      save: (breakers) => unlessAway(() => store.save(breakers)),
      takeProbe: (...args) => unlessAway(() => store.takeProbe(...args)),
    };
  };
  const log = (_: string, { error }: Record<string, unknown>) => void lines.push(String(error));
  const layered = createLayeredBreakerStore(mayFail("first", first), mayFail("second", second), log);
  return { away, lines, first, second, layered };
}

const makeHarness = async () => {
  const { first, second, layered } = scene();
  const spoiled = { mode: "?" } as never;
  return {
    store: layered,
    others: [layered, layered],
    spoil: async (name: string) => {
      for (const store of [first, second]) await store.save([{ name, version: 50, breaker: spoiled }]);
    },
  };
};
describeBreakerStore("layered, both there", makeHarness);
describeProbePermits("layered, both there", makeHarness);

describe("while one is away", () => {
  test("the other goes on, and the first learns when it is back", async () => {
    const { away, layered, first, second } = scene();
    await layered.save([entry("a", 1)]);
    away.first = true;
    expect(await layered.save([entry("a", 2)])).toEqual([]);
    expect((await layered.load()).breakers).toEqual([entry("a", 2)]);
    away.first = false;
    expect((await first.load()).breakers).toEqual([entry("a", 1)]);
    expect((await layered.load()).breakers, "the newest counts").toEqual([entry("a", 2)]);
    await layered.save([entry("a", 3)]);
    for (const store of [first, second]) expect((await store.load()).breakers).toEqual([entry("a", 3)]);
  });

  test("a first that forgot everything is filled again from the second", async () => {
    const { layered, second, first } = scene();
    await second.save([entry("a", 7)]);
    expect((await layered.load()).breakers).toEqual([entry("a", 7)]);
    await layered.save([entry("a", 8)]);
    expect((await first.load()).breakers).toEqual([entry("a", 8)]);
  });

  test("a copy that cannot be written is said, and no failure", async () => {
    const { away, lines, layered } = scene();
    away.second = true;
    expect(await layered.save([entry("a", 1)])).toEqual([]);
    expect((await layered.load()).breakers).toEqual([entry("a", 1)]);
    expect(lines).toEqual(["second away", "second away"]);
  });

  test("permits come from the second alone, and not while it is away", async () => {
    const { away, layered } = scene();
    expect(await layered.takeProbe("a", 1, 2, 60_000)).toBe(true);
    away.first = true;
    expect(await layered.takeProbe("a", 1, 2, 60_000)).toBe(true);
    expect(await layered.takeProbe("a", 1, 2, 60_000)).toBe(false);
    away.first = false;
    away.second = true;
    await expect(layered.takeProbe("a", 2, 1, 60_000)).rejects.toThrow("second away");
  });

  test("both away is an error", async () => {
    const { away, layered } = scene();
    away.first = true;
    away.second = true;
    await expect(layered.load()).rejects.toThrow("neither of the two stores");
    await expect(layered.save([entry("a", 1)])).rejects.toThrow();
  });
});

test("the orders of the second reach whoever loads", async () => {
  const { layered, second } = scene();
  second.order("a", "disable");
  expect((await layered.load()).orders).toEqual([{ name: "a", id: 1, order: "disable" }]);
});
