import { describe, expect, test } from "vitest";
import { createBreakers } from "../../../src/adapters/guard/breakers.ts";
import { createFallbackLimit } from "../../../src/adapters/guard/fallback-limit.ts";
import { createGuard } from "../../../src/adapters/guard/guard.ts";
import { createMeasures } from "../../../src/adapters/guard/measures.ts";
import { createMemoryBreakerStore } from "../../../src/adapters/memory/breaker-store.ts";
import { createMemoryCallLimit } from "../../../src/adapters/memory/call-limit.ts";
import { createMemoryClock } from "../../../src/adapters/memory/clock.ts";
import type { Verdict } from "../../../src/core/breaker/breaker.ts";
import type { CallLimit, OutgoingCall } from "../../../src/ports.ts";
import { createTimerClock } from "../../support/timer-clock.ts";

const NOW = Date.UTC(2026, 3, 1);

class Judged extends Error {
  readonly verdict: Verdict;
  constructor(result: Verdict["result"], retryAfterMs: number | null = null) {
    super(`it was ${result}`);
    this.verdict = { result, retryAfterMs };
  }
}

const CALL: OutgoingCall = {
  dependency: "dep",
  breakers: [{ name: "dep", counts: "both" }],
  bucket: null,
  kind: "read",
  tries: 1,
  deadlineMs: 10_000,
  judge: (error) => (error as Judged).verdict,
};
const BUCKET = { key: "k", rule: { perSecond: 1, burst: 2 } };

function scene(limit?: CallLimit) {
  const clock = createMemoryClock(NOW);
  const measures = createMeasures();
  const store = createMemoryBreakerStore(clock.now);
  const breakers = createBreakers({ store, clock, chance: () => 0.5, log: () => {} });
  const write = limit ?? createMemoryCallLimit(clock.now);
  const guard = createGuard({ clock, chance: () => 0.5, breakers, measures, limits: { read: write, write } });
  let calls = 0;
  /** Fails as listed, then answers. */
  const attempt =
    (failures: (Judged | null)[] = [], takesMs = 5) =>
    async () => {
      calls += 1;
      clock.set(clock.now() + takesMs);
      const failure = failures.shift();
      if (failure) throw failure;
      return "answer";
    };
  return { clock, guard, measures, breakers, attempt, calls: () => calls };
}

const modes = ({ breakers }: ReturnType<typeof scene>) =>
  Object.fromEntries(breakers.statuses().map(({ name, mode }) => [name, mode]));

describe("retry", () => {
  test("as often as the call says, of what may pass, after a jittered pause", async () => {
    const at = scene();
    const failing = at.attempt([new Judged("failure"), new Judged("failure")]);
    expect(await at.guard({ ...CALL, tries: 3 }, failing)).toBe("answer");
    expect(at.clock.now() - NOW).toBe(3 * 5 + 100 + 200);
  });

  test.each(["denied", "ignored"] as const)("not of what would be %s again", async (result) => {
    const at = scene();
    await expect(at.guard({ ...CALL, tries: 3 }, at.attempt([new Judged(result)]))).rejects.toThrow(result);
    expect(at.calls()).toBe(1);
  });

  test("a write goes out once", async () => {
    const at = scene();
    const failing = at.attempt([new Judged("failure")]);
    await expect(at.guard({ ...CALL, kind: "write" }, failing)).rejects.toThrow("it was failure");
    expect(at.calls()).toBe(1);
  });

  test("Retry-After is waited for, unless it ends past the deadline", async () => {
    const at = scene();
    await at.guard({ ...CALL, tries: 2 }, at.attempt([new Judged("limited", 4_000)]));
    expect(at.clock.now() - NOW).toBe(4_010);
    const late = at.attempt([new Judged("limited", 10_000)]);
    await expect(scene().guard({ ...CALL, tries: 2 }, late)).rejects.toThrow("it was limited");
  });

  test("no try begins past the deadline", async () => {
    const at = scene();
    const slow = at.attempt([new Judged("failure"), new Judged("failure")], 9_950);
    await expect(at.guard({ ...CALL, tries: 5 }, slow)).rejects.toThrow();
    expect(at.calls()).toBe(1);
  });

  test("where everything fails, the budget ends it: calls are not tripled", async () => {
    const at = scene();
    const quiet = { ...CALL, breakers: [], tries: 3 };
    for (let i = 0; i < 100; i++) {
      await at
        .guard(quiet, at.attempt(Array.from({ length: 3 }, () => new Judged("failure"))))
        .catch(() => {});
    }
    expect(at.calls()).toBeLessThanOrEqual(100 + 5 + 20);
    expect(at.calls()).toBeGreaterThan(120);
  });
});

describe("breakers", () => {
  const breakIt = async (
    at: ReturnType<typeof scene>,
    call = CALL,
    result: Verdict["result"] = "failure",
  ) => {
    for (let i = 0; i < 5; i++) await at.guard(call, at.attempt([new Judged(result)])).catch(() => {});
  };

  test("an open one keeps calls from going out, and says until when", async () => {
    const at = scene();
    await breakIt(at);
    await expect(at.guard(CALL, at.attempt())).rejects.toThrow(
      /^Did not call dep: the breaker dep is OPEN since .* \(too many of the last calls failed\), until .*Next: ask again in 45 s$/,
    );
    expect(at.calls()).toBe(5);
  });

  test("a half-open one lets its probes by and no more; their answers close it", async () => {
    const at = scene();
    await breakIt(at);
    at.clock.set(NOW + 120_000);
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => at.guard(CALL, at.attempt())));
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(modes(at)).toEqual({ dep: "CLOSED" });
  });

  test("who comes while the probes are out may wait for them", async () => {
    const at = scene();
    await breakIt(at);
    at.clock.set(NOW + 120_000);
    const patient = { ...CALL, tries: 2 };
    const answers = await Promise.all(Array.from({ length: 4 }, () => at.guard(patient, at.attempt())));
    expect(answers).toEqual(Array(4).fill("answer"));
  });

  test("credentials trip a breaker of their own: health does not see them, and they do not see health", async () => {
    const both: OutgoingCall = {
      ...CALL,
      breakers: [
        { name: "dep", counts: "health" },
        { name: "access", counts: "access" },
      ],
    };
    const denied = scene();
    await breakIt(denied, both, "denied");
    expect(modes(denied)).toEqual({ dep: "CLOSED", access: "OPEN" });
    await expect(denied.guard(both, denied.attempt())).rejects.toThrow(/an operator must reset it/);
    const failing = scene();
    await breakIt(failing, both);
    expect(modes(failing)).toEqual({ dep: "OPEN", access: "CLOSED" });
  });

  test("calls that were kept back spend no token of the limit", async () => {
    const taken: string[] = [];
    const take = async (key: string) => {
      taken.push(key);
      return { waitMs: 0 };
    };
    const at = scene({ take });
    await breakIt(at);
    await at.guard({ ...CALL, bucket: BUCKET }, at.attempt()).catch(() => {});
    expect(taken).toEqual([]);
  });
});

describe("the limit", () => {
  test("is waited for", async () => {
    const at = scene();
    for (let i = 0; i < 4; i++) await at.guard({ ...CALL, bucket: BUCKET }, at.attempt([], 0));
    expect(at.clock.now() - NOW).toBe(2_000);
  });

  test("is waited for in the order of coming, and only the first of the line asks", async () => {
    const clock = createTimerClock(NOW);
    const own = createMemoryCallLimit(clock.now);
    let asked = 0;
    const write: CallLimit = {
      take: (key, rule) => {
        asked += 1;
        return own.take(key, rule);
      },
    };
    const breakers = createBreakers({
      store: createMemoryBreakerStore(clock.now),
      clock,
      chance: () => 0.5,
      log: () => {},
    });
    const guard = createGuard({
      clock,
      chance: () => 0.5,
      breakers,
      measures: createMeasures(),
      limits: { read: own, write },
    });
    const went: string[] = [];
    const call = (name: string) =>
      guard({ ...CALL, kind: "write", bucket: BUCKET }, async () => {
        went.push(`${name} ${clock.now() - NOW}`);
      });
    await clock.drive(Promise.all(["a", "b", "c", "d", "e"].map(call)));
    expect(went).toEqual(["a 0", "b 0", "c 1000", "d 2000", "e 3000"]);
    expect(asked).toBe(5 + 3);
  });

  test("past the deadline the call is not made", async () => {
    const at = scene({ take: async () => ({ waitMs: 10_000 }) });
    await expect(at.guard({ ...CALL, bucket: BUCKET }, at.attempt())).rejects.toThrow(
      "Did not call dep: our own limit for k is used up. Next: ask again in 10 s",
    );
    expect(at.calls()).toBe(0);
  });

  test.each([
    ["says that it is not there", async () => "unavailable" as const],
    ["throws", () => Promise.reject(new Error("gone"))],
  ])("one that %s: writes are closed, reads are open", async (_, take) => {
    const at = scene({ take });
    const bucket = { bucket: BUCKET };
    expect(await at.guard({ ...CALL, ...bucket, kind: "read" }, at.attempt())).toBe("answer");
    const write = at.guard({ ...CALL, ...bucket, kind: "write" }, at.attempt());
    await expect(write).rejects.toThrow(/the limiter did not answer, and a write may not go uncounted/);
    expect(at.calls()).toBe(1);
  });

  test("one that falls back to this process starts with empty buckets: slower, never too fast", async () => {
    const clock = createMemoryClock(NOW);
    let away = false;
    const shared = createMemoryCallLimit(clock.now);
    const limit = createFallbackLimit(
      { take: async (key, rule) => (away ? "unavailable" : shared.take(key, rule)) },
      createMemoryCallLimit(clock.now, { startEmpty: true }),
    );
    const take = async () => ((await limit.take("k", BUCKET.rule)) as { waitMs: number }).waitMs;
    expect([await take(), await take(), await take()]).toEqual([0, 0, 1_000]);
    away = true;
    expect(await take()).toBe(1_000);
    clock.set(NOW + 1_000);
    expect([await take(), await take()]).toEqual([0, 1_000]);
  });
});

test("what calls cost is measured per dependency, once", async () => {
  const at = scene();
  await at.guard(CALL, at.attempt([], 30));
  await at.guard(CALL, at.attempt([new Judged("failure")], 50)).catch(() => {});
  await at
    .guard({ ...CALL, dependency: "other", breakers: [] }, at.attempt([new Judged("ignored")], 1))
    .catch(() => {});
  expect(at.measures.take()).toEqual({
    dep: { calls: 2, failed: 1, heldBack: 0, totalMs: 80, longestMs: 50 },
    other: { calls: 1, failed: 0, heldBack: 0, totalMs: 1, longestMs: 1 },
  });
  expect(at.measures.take()).toEqual({});
});

test("a clock that is put forward under a call makes it no slower, where there is one that only runs forward", async () => {
  const clock = createMemoryClock(NOW);
  const measures = createMeasures();
  const store = createMemoryBreakerStore(clock.now);
  const breakers = createBreakers({ store, clock, chance: () => 0.5, log: () => {} });
  const limit = createMemoryCallLimit(clock.now);
  const limits = { read: limit, write: limit };
  let ran = 0;
  const elapsedMs = () => (ran += 4);
  const guard = createGuard({ clock, chance: () => 0.5, breakers, measures, limits, elapsedMs });
  for (let i = 0; i < 6; i++) await guard(CALL, async () => clock.set(clock.now() + 60_000));
  expect(breakers.statuses()).toMatchObject([{ mode: "CLOSED" }]);
  expect(measures.take().dep).toMatchObject({ calls: 6, totalMs: 24, longestMs: 4 });
});
