import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Pass } from "../../../src/adapters/guard/breakers.ts";
import { createLayeredBreakerStore } from "../../../src/adapters/guard/layered-breaker-store.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createPostgresBreakerStore } from "../../../src/adapters/postgres/breaker-store.ts";
import { createUpstashBreakerStore } from "../../../src/adapters/upstash/breaker-store.ts";
import { isHeldBackError } from "../../../src/errors.ts";
import type { BreakerStore } from "../../../src/ports.ts";
import { usePostgres } from "../postgres/harness.ts";
import { onEachRedis } from "../upstash/servers.ts";
import { BAD, breakIt, callTimes, GOOD, isolateOn, modeIn, NAME, RULES } from "./isolates.ts";

const harness = usePostgres();

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

async function tryCall(isolate: ReturnType<typeof isolateOn>): Promise<Pass | "refused"> {
  try {
    return await isolate.enter(NAME);
  } catch (error) {
    if (isHeldBackError(error)) return "refused";
    throw error;
  }
}

const openingOf = (pass: Pass | "refused") => (pass === "refused" ? pass : pass.opening);

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
    const passes = await Promise.all([tryCall(next), tryCall(next), tryCall(next), tryCall(next)]);
    expect(passes.map(openingOf)).toEqual([1, 1, 1, "refused"]);
    for (const pass of passes) if (pass !== "refused") pass.settle(GOOD, 1);
    expect(modeIn(next)).toBe("CLOSED");
    expect(openingOf(await tryCall(next))).toBeNull();
    await next.save();
    expect(asked).toEqual(["load", "save 1", "load", "probe", "probe", "probe", "probe", "save 1"]);
  });

  test("two that counted at the same time come together: nothing that either saw is lost", async () => {
    const { clock, store } = scene();
    const isolates = [isolateOn(store, clock), isolateOn(store, clock)];
    for (const isolate of isolates) await isolate.load();
    for (const isolate of isolates) {
      await callTimes(2, isolate, BAD);
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
          await Promise.all(calls.map((count, i) => callTimes(count, isolates[i]!, GOOD)));
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
    await callTimes(4, isolate, BAD);
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
  expect(openingOf(await tryCall(looker))).toBeNull();
  expect(asked).toEqual(["load", "save 1", "load"]);
  const blind = isolateOn({ ...store, load: () => Promise.reject(new Error("gone")) }, clock);
  await callTimes(1, blind, GOOD);
  expect(await blind.stored()).toMatchObject([{ name: NAME, mode: "CLOSED" }]);
});

describe("without the store", () => {
  const gone: BreakerStore = {
    load: () => Promise.reject(new Error("gone")),
    save: () => Promise.reject(new Error("gone")),
    takeProbe: () => Promise.reject(new Error("gone")),
  };

  test("an isolate goes by what it saw, sends no probe that nobody counts, and says so", async () => {
    const { clock, pass } = scene();
    const lines: string[] = [];
    const isolate = isolateOn(gone, clock, (step) => void lines.push(step));
    await breakIt(isolate);
    await isolate.load();
    expect(await tryCall(isolate)).toBe("refused");
    pass(60_000);
    expect(await Promise.all([tryCall(isolate), tryCall(isolate)])).toEqual(["refused", "refused"]);
    expect(lines).toContain("breakers not loaded");
    expect(lines).toContain("breakers not saved");
    expect(lines).toContain("no probe without the store");
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
    await callTimes(4, isolate, BAD);
    pass(60_000);
    const probes = await Promise.all(Array.from({ length: 5 }, () => tryCall(isolate)));
    expect(probes.map(openingOf)).toEqual([1, 1, 1, "refused", "refused"]);
    for (const probe of probes) if (probe !== "refused") probe.settle(GOOD, 1);
    await callTimes(1_000, isolate, GOOD);
    expect(asked).toEqual([]);
  });

  test("outside of a tick an isolate goes by its own breakers, and tells nobody; what it sent counts where it was sent from", async () => {
    const { clock, store, asked, pass } = scene();
    await breakIt(isolateOn(store, clock));
    pass(60_000);
    const isolate = isolateOn(store, clock);
    await isolate.load();
    await isolate.save();
    const outside = await tryCall(isolate);
    expect(openingOf(outside), "no probe of the shared breaker").toBeNull();
    await isolate.load();
    if (outside !== "refused") outside.settle(GOOD, 1);
    expect(openingOf(await tryCall(isolate))).toBe(1);
    await isolate.save();
    const next = isolateOn(store, clock);
    await next.load();
    expect(next.statuses()[0]?.totals.success).toBe(0);
    expect(asked.filter((what) => what === "probe")).toHaveLength(1);
  });
});

/** A store that fails while it is away; an answer may also be lost after the deed was done. */
function unlessAway(store: BreakerStore, isAway: () => boolean): BreakerStore {
  const lost = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAway()) throw new Error("away");
    const answer = await work();
    if (isAway()) throw new Error("cut off");
    return answer;
  };
  return {
    load: () => lost(() => store.load()),
    save: (breakers) => lost(() => store.save(breakers)),
    takeProbe: (...asked) => lost(() => store.takeProbe(...asked)),
  };
}

describe("never more probes than permits", () => {
  const WHAT = [
    "load",
    "save",
    "call",
    "call",
    "call",
    "call",
    "good",
    "bad",
    "wait",
    "redis",
    "postgres",
  ] as const;
  type Step = { readonly isolate: number; readonly what: (typeof WHAT)[number] };
  const steps = fc.array(
    fc.record<Step>({
      isolate: fc.nat(4),
      what: fc.constantFrom(...WHAT),
    }),
    { minLength: 10, maxLength: 120 },
  );

  test("whatever the order in which five isolates load, call, hear, save and wait, and either store goes and comes back", async () => {
    let probes = 0;
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, together) => {
        const { clock, pass } = scene();
        const away = { redis: false, postgres: false };
        const store = createLayeredBreakerStore(
          unlessAway(createMemoryBreakerStore(clock.now), () => away.redis),
          unlessAway(createMemoryBreakerStore(clock.now), () => away.postgres),
          () => {},
        );
        await breakIt(isolateOn(store, clock));
        pass(60_000);
        const isolates = Array.from({ length: 5 }, () => isolateOn(store, clock));
        await Promise.all(isolates.map((isolate) => isolate.load()));
        const given = new Map<number, number>();
        const out: [isolate: number, probe: Pass][] = [];
        let waitedMs = 0;
        const act = async ({ isolate: i, what }: Step) => {
          const isolate = isolates[i]!;
          if (what === "redis" || what === "postgres") {
            away[what] = !away[what];
          } else if (what === "load" || what === "save") {
            await isolate.save();
            await isolate.load();
          } else if (what === "wait") {
            // Less in all than permits live for: after that those who hold one are taken for dead.
            if (waitedMs < RULES.probeTtlMs - 60_000) pass(20_000);
            waitedMs += 20_000;
          } else if (what === "call") {
            const probe = await tryCall(isolate);
            const opening = openingOf(probe);
            if (probe === "refused" || typeof opening !== "number") return;
            out.push([i, probe]);
            given.set(opening, (given.get(opening) ?? 0) + 1);
            probes += 1;
          } else {
            const at = out.findIndex(([owner]) => owner === i);
            const [probe] = at < 0 ? [] : out.splice(at, 1);
            if (probe) probe[1].settle(what === "good" ? GOOD : BAD, 1);
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
    test(`twelve isolates with clients of their own, ten calls at once, and Redis away for half of them (${server})`, async () => {
      const { close, connectAgain } = await connect();
      const { connectService } = await harness();
      const { clock, pass } = scene();
      const prefix = `breakers:${randomUUID()}`;
      const gone = () => Promise.reject(new Error("away"));
      const connections = Array.from({ length: 12 }, connectService);
      const stores = connections.map((sql, i) => {
        const there = createUpstashBreakerStore(connectAgain(), prefix);
        const redis = i % 2 === 0 ? there : { load: gone, save: gone };
        return createLayeredBreakerStore(redis, createPostgresBreakerStore(sql), () => {});
      });
      const { owner } = await harness();
      await owner`truncate flyahead.breakers, flyahead.breaker_probes`;
      await breakIt(isolateOn(stores[0]!, clock));
      pass(60_000);
      const isolates = stores.map((store) => isolateOn(store, clock));
      await Promise.all(isolates.map((isolate) => isolate.load()));
      const calls = isolates.flatMap((isolate) => Array.from({ length: 10 }, () => tryCall(isolate)));
      const answers = (await Promise.all(calls)).map(openingOf);
      expect(answers.filter((answer) => answer === 1)).toHaveLength(RULES.probes);
      expect(answers.filter((answer) => answer === "refused")).toHaveLength(120 - RULES.probes);
      await Promise.all(connections.map((sql) => sql.end()));
      await close();
    });
  });
});
