import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createUpstashBreakerStore } from "../../../src/adapters/upstash/breaker-store.ts";
import { isHeldBackError } from "../../../src/errors.ts";
import type { BreakerStore } from "../../../src/ports.ts";
import { onEachRedis } from "../upstash/servers.ts";
import { BAD, breakIt, GOOD, isolateOn, modeIn, NAME, RULES } from "./isolates.ts";

function scene() {
  let now = Date.UTC(2026, 3, 1);
  const clock = { now: () => now };
  const asked: string[] = [];
  const kept = createMemoryBreakerStore(clock.now);
  const noting = <T>(what: string, work: () => T): T => {
    asked.push(what);
    return work();
  };
  const store: BreakerStore = {
    load: () => noting("load", () => kept.load()),
    save: (breakers) => noting(`save ${breakers.length}`, () => kept.save(breakers)),
    takeProbe: (...args) => noting("probe", () => kept.takeProbe(...args)),
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { clock, asked, kept, store, pass };
}

async function tryCall(isolate: ReturnType<typeof isolateOn>): Promise<number | null | "refused"> {
  try {
    return await isolate.enter(NAME);
  } catch (error) {
    if (isHeldBackError(error)) return "refused";
    throw error;
  }
}

describe("between ticks", () => {
  test("what one isolate saw, the next one knows: loaded once, saved once, nothing asked in between", async () => {
    const { clock, store, asked } = scene();
    await breakIt(isolateOn(store, clock));
    const next = isolateOn(store, clock);
    await next.load();
    for (let i = 0; i < 5; i++) expect(await tryCall(next)).toBe("refused");
    await next.save();
    expect(asked).toEqual(["load", "save 1", "load", "save 1"]);
  });

  test("only half-open permits are asked for", async () => {
    const { clock, store, asked, pass } = scene();
    await breakIt(isolateOn(store, clock));
    pass(60_000);
    const next = isolateOn(store, clock);
    await next.load();
    const openings = await Promise.all([tryCall(next), tryCall(next), tryCall(next), tryCall(next)]);
    expect(openings).toEqual([1, 1, 1, "refused"]);
    for (let i = 0; i < 3; i++) next.settle(NAME, 1, GOOD, 1);
    expect(modeIn(next)).toBe("CLOSED");
    expect(await tryCall(next)).toBeNull();
    await next.save();
    expect(asked).toEqual(["load", "save 1", "load", "probe", "probe", "probe", "probe", "save 1"]);
  });

  test("two that counted at the same time come together: nothing that either saw is lost", async () => {
    const { clock, store } = scene();
    const isolates = [isolateOn(store, clock), isolateOn(store, clock)];
    for (const isolate of isolates) await isolate.load();
    for (const isolate of isolates) {
      for (let i = 0; i < 2; i++) isolate.settle(NAME, null, BAD, 1);
      expect(modeIn(isolate), "two failures are too few to judge by").toBe("CLOSED");
    }
    for (const isolate of isolates) await isolate.save();
    expect(isolates.map(modeIn)).toEqual(["CLOSED", "OPEN"]);
    const third = isolateOn(store, clock);
    await third.load();
    expect(third.statuses()).toMatchObject([{ name: NAME, mode: "OPEN", calls: 4, totals: { failure: 4 } }]);
  });

  test("any number of isolates that save at once lose no call", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
        async (calls) => {
          const { clock, store } = scene();
          const isolates = calls.map(() => isolateOn(store, clock));
          await Promise.all(isolates.map((isolate) => isolate.load()));
          calls.forEach((count, i) => {
            for (let n = 0; n < count; n++) isolates[i]!.settle(NAME, null, GOOD, 1);
          });
          await Promise.all(isolates.map((isolate) => isolate.save()));
          const last = isolateOn(store, clock);
          await last.load();
          expect(last.statuses()[0]?.totals.success).toBe(calls.reduce((sum, count) => sum + count, 0));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("an operator's order is carried out once, by the next tick", async () => {
    const { clock, kept, store } = scene();
    const isolate = isolateOn(store, clock);
    await breakIt(isolate);
    kept.order(NAME, "reset");
    await isolate.load();
    expect(modeIn(isolate)).toBe("CLOSED");
    for (let i = 0; i < 4; i++) isolate.settle(NAME, null, BAD, 1);
    await isolate.save();
    const next = isolateOn(store, clock);
    await next.load();
    expect(modeIn(next), "the old order does not close it again").toBe("OPEN");
    kept.order("postgres", "forceOpen");
    await next.load();
    await expect(next.enter("postgres")).rejects.toThrow(/an operator ordered it.*an operator must reset it/);
  });
});

test("who only looks sees what is stored, and changes nothing", async () => {
  const { clock, store, asked } = scene();
  await breakIt(isolateOn(store, clock));
  const looker = isolateOn(store, clock);
  expect(await looker.stored()).toMatchObject([
    { name: NAME, mode: "OPEN", failureShare: 1, needsPerson: false },
  ]);
  expect(looker.statuses()).toEqual([]);
  expect(await tryCall(looker)).toBeNull();
  expect(asked).toEqual(["load", "save 1", "load"]);
  const blind = isolateOn({ ...store, load: () => Promise.reject(new Error("gone")) }, clock);
  blind.settle(NAME, null, GOOD, 1);
  expect(await blind.stored()).toMatchObject([{ name: NAME, mode: "CLOSED" }]);
});

describe("without the store", () => {
  const gone: BreakerStore = {
    load: () => Promise.reject(new Error("gone")),
    save: () => Promise.reject(new Error("gone")),
    takeProbe: () => Promise.reject(new Error("gone")),
  };

  test("an isolate goes by what it saw, counts its own probes, and says so", async () => {
    const { clock, pass } = scene();
    const lines: string[] = [];
    const isolate = isolateOn(gone, clock, (step) => void lines.push(step));
    await breakIt(isolate);
    expect(await tryCall(isolate)).toBe("refused");
    pass(60_000);
    await isolate.load();
    expect(await Promise.all(Array.from({ length: 5 }, () => tryCall(isolate)))).toEqual([
      1,
      1,
      1,
      "refused",
      "refused",
    ]);
    expect(lines).toContain("breakers not loaded");
    expect(lines).toContain("breakers not saved");
    expect(lines).toContain("probe without the store");
  });

  test("what could not be saved is saved with the next tick", async () => {
    const { clock, store } = scene();
    let away = true;
    const flaky: BreakerStore = {
      ...store,
      save: (breakers) => (away ? Promise.reject(new Error("gone")) : store.save(breakers)),
    };
    const isolate = isolateOn(flaky, clock);
    await breakIt(isolate);
    away = false;
    await isolate.load();
    await isolate.save();
    const next = isolateOn(store, clock);
    await next.load();
    expect(modeIn(next)).toBe("OPEN");
  });

  test("outside of a tick nothing is asked and nothing piles up", async () => {
    const { clock, store, asked, pass } = scene();
    const isolate = isolateOn(store, clock);
    for (let i = 0; i < 1_000; i++) isolate.settle(NAME, null, BAD, 1);
    pass(60_000);
    expect(await tryCall(isolate)).toBe(1);
    expect(asked).toEqual([]);
  });
});

describe("never more probes than permits", () => {
  type Step = { readonly isolate: number; readonly what: "load" | "save" | "call" | "good" | "bad" | "wait" };
  const steps = fc.array(
    fc.record<Step>({
      isolate: fc.nat(4),
      what: fc.constantFrom("load", "save", "call", "call", "call", "call", "good", "bad", "wait"),
    }),
    { minLength: 10, maxLength: 120 },
  );

  test("whatever the order in which five isolates load, call, hear, save and wait", async () => {
    let probes = 0;
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, together) => {
        const { clock, store, pass } = scene();
        await breakIt(isolateOn(store, clock));
        pass(60_000);
        const isolates = Array.from({ length: 5 }, () => isolateOn(store, clock));
        await Promise.all(isolates.map((isolate) => isolate.load()));
        const given = new Map<number, number>();
        const out: [isolate: number, opening: number][] = [];
        let waitedMs = 0;
        const act = async ({ isolate: i, what }: Step) => {
          const isolate = isolates[i]!;
          if (what === "load" || what === "save") {
            await isolate.save();
            await isolate.load();
          } else if (what === "wait") {
            // Less in all than permits live for: after that those who hold one are taken for dead.
            if (waitedMs < RULES.probeTtlMs - 60_000) pass(20_000);
            waitedMs += 20_000;
          } else if (what === "call") {
            const opening = await tryCall(isolate);
            if (typeof opening !== "number") return;
            out.push([i, opening]);
            given.set(opening, (given.get(opening) ?? 0) + 1);
            probes += 1;
          } else {
            const at = out.findIndex(([owner]) => owner === i);
            const [probe] = at < 0 ? [] : out.splice(at, 1);
            if (probe) isolate.settle(NAME, probe[1], what === "good" ? GOOD : BAD, 1);
          }
        };
        if (together) await Promise.all(list.map(act));
        else for (const step of list) await act(step);
        for (const [opening, count] of given)
          expect(count, `of opening ${opening}`).toBeLessThanOrEqual(RULES.probes);
      }),
      { numRuns: 300 },
    );
    expect(probes, "the sequences do probe").toBeGreaterThan(500);
  });

  onEachRedis((server, connect) => {
    test(`twelve isolates with a client each, ten calls at once (${server})`, async () => {
      const { close, connectAgain } = await connect();
      const { clock, pass } = scene();
      const prefix = `breakers:${randomUUID()}`;
      const stores = Array.from({ length: 12 }, () => createUpstashBreakerStore(connectAgain(), prefix));
      await breakIt(isolateOn(stores[0]!, clock));
      pass(60_000);
      const isolates = stores.map((store) => isolateOn(store, clock));
      await Promise.all(isolates.map((isolate) => isolate.load()));
      const calls = isolates.flatMap((isolate) => Array.from({ length: 10 }, () => tryCall(isolate)));
      const answers = await Promise.all(calls);
      expect(answers.filter((answer) => answer === 1)).toHaveLength(RULES.probes);
      expect(answers.filter((answer) => answer === "refused")).toHaveLength(120 - RULES.probes);
      await close();
    });
  });
});
