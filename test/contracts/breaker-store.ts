/**
 * What every form of BreakerStore promises. Names are random, so that tests of one store do not meet. Probes are forgotten in
 * real time; nothing here depends on how long a call takes.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Breaker, closedBreaker, reduce } from "../../src/core/breaker/breaker.ts";
import { DEFAULT_RULES } from "../../src/core/breaker/rules.ts";
import type { BreakerStates, BreakerStore } from "../../src/ports.ts";

export type BreakerStoreHarness<S extends BreakerStates = BreakerStates> = {
  readonly store: S;
  /** The same store as other isolates see it, through connections of their own. */
  readonly others: readonly S[];
  /** Puts something that is no breaker in the place of one. */
  spoil(name: string): Promise<void>;
  close?(): Promise<void>;
};

const NOW = Date.UTC(2026, 2, 1);
const LONG_MS = 60_000;

/** One that has a past: calls in its window, an opening, fractions nowhere. */
function brokenBreaker(): Breaker {
  const failure = { type: "result", result: "failure", durationMs: 6_000, opening: null } as const;
  let breaker = closedBreaker(NOW);
  for (let i = 0; i < 7; i++) {
    breaker = reduce(breaker, { ...failure, at: NOW + i, chance: 0.5, retryAfterMs: null }, DEFAULT_RULES);
  }
  return breaker;
}

export function describeBreakerStore(name: string, make: () => Promise<BreakerStoreHarness>): void {
  describe(`breaker store: ${name}`, () => {
    let harness: BreakerStoreHarness;
    let store: BreakerStates;
    let one: string;
    let two: string;

    beforeAll(async () => {
      harness = await make();
      store = harness.store;
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      one = `fly:write:${randomUUID()}`;
      two = `fly:access:${randomUUID()}`;
    });

    const loaded = async (from = store) => {
      const { breakers } = await from.load();
      return breakers
        .filter(({ name }) => name === one || name === two)
        .sort((a, b) => (a.name === one ? -1 : 1) - (b.name === one ? -1 : 1));
    };
    const entry = (name: string, version: number, breaker = brokenBreaker()) => ({ name, version, breaker });

    it("gives back what was saved, to every isolate", async () => {
      const both = [entry(one, 1), entry(two, 1, closedBreaker(NOW))];
      expect(await store.save(both)).toEqual([]);
      for (const isolate of [store, ...harness.others]) expect(await loaded(isolate)).toEqual(both);
    });

    it("saves nothing where there is nothing to save", async () => {
      expect(await store.save([])).toEqual([]);
      expect(await loaded()).toEqual([]);
    });

    it("saves each breaker by itself: what is newer goes in, what is not comes back as it is stored", async () => {
      await store.save([entry(one, 3), entry(two, 1)]);
      const late = closedBreaker(NOW);
      const answered = await store.save([entry(one, 3, late), entry(two, 2, late)]);
      expect(answered).toEqual([entry(one, 3)]);
      expect(await loaded()).toEqual([entry(one, 3), entry(two, 2, late)]);
    });

    it("of isolates that save at once one wins, and the others are told", async () => {
      await store.save([entry(one, 1), entry(two, 1)]);
      const isolates = [store, ...harness.others];
      const answers = await Promise.all(
        isolates.map((isolate, i) =>
          isolate.save([entry(one, 2, closedBreaker(i)), entry(two, 2, closedBreaker(i))]),
        ),
      );
      for (const which of [one, two]) {
        const lost = answers.filter((answer) => answer.some(({ name }) => name === which));
        expect(lost).toHaveLength(isolates.length - 1);
      }
      const [now] = await loaded();
      for (const answer of answers)
        for (const told of answer) if (told.name === one) expect(told).toEqual(now);
    });

    it("leaves out what is no breaker, and lets it be replaced", async () => {
      await store.save([entry(one, 1), entry(two, 1)]);
      await harness.spoil(one);
      expect(await loaded()).toEqual([entry(two, 1)]);
      const newer = await store.save([entry(one, 99)]);
      expect(newer).toEqual([]);
      expect(await loaded()).toEqual([entry(one, 99), entry(two, 1)]);
    });
  });
}

/** What those promise on top of it that count probes. */
export function describeProbePermits(
  name: string,
  make: () => Promise<BreakerStoreHarness<BreakerStore>>,
): void {
  describe(`permits for probes: ${name}`, () => {
    let harness: BreakerStoreHarness<BreakerStore>;
    let store: BreakerStore;
    let one: string;
    let two: string;

    beforeAll(async () => {
      harness = await make();
      store = harness.store;
    });
    afterAll(() => harness?.close?.());
    beforeEach(() => {
      one = `fly:write:${randomUUID()}`;
      two = `fly:access:${randomUUID()}`;
    });

    it("gives out no more probes than the limit, however many ask at once from wherever", async () => {
      const isolates = [store, ...harness.others];
      for (const limit of [1, 3]) {
        const name = `${one}:${limit}`;
        const answers = await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            isolates[i % isolates.length]!.takeProbe(name, 1, limit, LONG_MS),
          ),
        );
        expect(answers.filter(Boolean)).toHaveLength(limit);
      }
      expect(await store.takeProbe(two, 1, 0, LONG_MS)).toBe(false);
    });

    it("counts each opening anew, and gives none to an opening that is over", async () => {
      expect(await store.takeProbe(one, 4, 1, LONG_MS)).toBe(true);
      expect(await store.takeProbe(one, 4, 1, LONG_MS)).toBe(false);
      expect(await store.takeProbe(one, 5, 2, LONG_MS)).toBe(true);
      expect(await store.takeProbe(one, 4, 1, LONG_MS)).toBe(false);
      expect(await store.takeProbe(one, 5, 2, LONG_MS)).toBe(true);
      expect(await store.takeProbe(one, 5, 2, LONG_MS)).toBe(false);
      expect(await store.takeProbe(two, 1, 1, LONG_MS)).toBe(true);
    });

    it("forgets probes that can no longer be under way", async () => {
      expect(await store.takeProbe(one, 1, 1, 40)).toBe(true);
      await expect.poll(() => store.takeProbe(one, 1, 1, LONG_MS), { timeout: 20_000 }).toBe(true);
      expect(await store.takeProbe(one, 1, 1, LONG_MS)).toBe(false);
    });
  });
}
