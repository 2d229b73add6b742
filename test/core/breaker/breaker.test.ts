import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  type Breaker,
  type BreakerEvent,
  closedBreaker,
  type Order,
  type Result,
  reduce,
} from "../../../src/core/breaker/breaker.ts";
import { type BreakerRules, DEFAULT_RULES } from "../../../src/core/breaker/rules.ts";
import { openTimeMs } from "../../../src/core/breaker/settle.ts";
import { changeOf, describeBreaker, statusOf } from "../../../src/core/breaker/status.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../src/core/time.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const RULES: BreakerRules = { ...DEFAULT_RULES, windowCalls: 10, minimumCalls: 4, probes: 2 };

type More = Partial<Extract<BreakerEvent, { type: "result" }>>;
const result = (what: Result, more: More = {}): BreakerEvent => ({
  type: "result",
  at: NOW,
  durationMs: 10,
  opening: null,
  chance: 0,
  retryAfterMs: null,
  ...more,
  result: what,
});
const order = (what: Order, id = 1): BreakerEvent => ({ type: "order", at: NOW, id, order: what });
const apply = (events: readonly BreakerEvent[], from = closedBreaker(NOW), rules = RULES): Breaker =>
  events.reduce((breaker, event) => reduce(breaker, event, rules), from);
const times = (count: number, event: BreakerEvent) => Array.from({ length: count }, () => event);
const broken = (from = closedBreaker(NOW)) => apply(times(4, result("failure")), from);
/** An open breaker, asked after its time. */
function halfOpen(): Breaker {
  const open = broken();
  return apply([{ type: "probe", at: open.until!, opening: open.openings }], open);
}

describe("CLOSED", () => {
  test("opens once more than the share failed, not before the minimum of calls", () => {
    expect(apply(times(3, result("failure"))).mode).toBe("CLOSED");
    expect(broken()).toMatchObject({ mode: "OPEN", cause: "failures", openings: 1, streak: 1 });
    expect(apply([...times(2, result("success")), ...times(2, result("failure"))]).mode).toBe("CLOSED");
    expect(apply([...times(2, result("success")), ...times(3, result("failure"))]).mode).toBe("OPEN");
  });

  test("judges the last calls only, and none that is too old", () => {
    const good = times(10, result("success"));
    expect(apply([...times(3, result("failure")), ...good, result("failure")]).mode).toBe("CLOSED");
    const old = times(3, result("failure", { at: NOW - HOUR_MS }));
    expect(apply([...old, result("failure")]).mode).toBe("CLOSED");
    const young = times(3, result("failure", { at: NOW - HOUR_MS + 1 }));
    expect(apply([...young, result("failure")]).mode).toBe("OPEN");
  });

  test("calls of a clock that then went back still age", () => {
    const ahead = apply(times(3, result("failure", { at: NOW + 365 * 24 * HOUR_MS })));
    const later = apply([result("success"), result("failure", { at: NOW + HOUR_MS + 1 })], ahead);
    expect(later.window).toHaveLength(1);
  });

  test("opens where too many are slow, though none failed", () => {
    const slow = result("success", { durationMs: RULES.slowMs });
    expect(apply(times(4, slow))).toMatchObject({ mode: "OPEN", cause: "slowness" });
    expect(apply(times(4, slow), closedBreaker(NOW), { ...RULES, slowShare: 1 }).mode).toBe("CLOSED");
    expect(apply(times(4, result("success", { durationMs: RULES.slowMs - 1 }))).mode).toBe("CLOSED");
  });

  test("what the other side refused with good reason counts for nothing", () => {
    expect(apply(times(20, result("ignored")))).toMatchObject({
      mode: "CLOSED",
      window: [],
      totals: { ignored: 20 },
    });
  });

  test("429 with Retry-After opens at once, to the millisecond and without jitter, up to the cap", () => {
    const told = (retryAfterMs: number, chance = 0.7) => apply([result("limited", { retryAfterMs, chance })]);
    expect(told(7_000)).toMatchObject({ mode: "OPEN", cause: "retryAfter", until: NOW + 7_000, streak: 0 });
    expect(told(1e12).until).toBe(NOW + RULES.retryAfterCapMs);
    expect(admit(told(7_000), NOW + 6_999)).toEqual({ retryAt: NOW + 7_000 });
    expect(admit(told(7_000), NOW + 7_000)).toBe("probe");
    expect(apply(times(4, result("limited")))).toMatchObject({ mode: "OPEN", cause: "failures" });
  });

  test("401 and 403 in a row open it until a person resets it; any proof of the token begins the count anew", () => {
    const trip = apply(times(3, result("denied")));
    expect(trip).toMatchObject({ mode: "OPEN", cause: "denied", until: null });
    expect(admit(trip, NOW + 365 * 24 * HOUR_MS)).toEqual({ retryAt: null });
    expect(statusOf("x", trip, NOW, RULES).needsPerson).toBe(true);
    expect(apply([order("reset")], trip).mode).toBe("CLOSED");
    for (const proof of ["success", "ignored", "limited"] as const) {
      const events = [...times(2, result("denied")), result(proof), ...times(2, result("denied"))];
      expect(apply(events).mode, proof).toBe("CLOSED");
    }
    const unproven = [...times(2, result("denied")), result("failure"), result("denied")];
    expect(apply(unproven).mode).toBe("OPEN");
  });
});

describe("OPEN", () => {
  test("refuses until its time is over, then wants a probe", () => {
    const { until, openings } = broken();
    expect(until).toBe(NOW + RULES.openMs / 2);
    expect(admit(broken(), until! - 1)).toEqual({ retryAt: until });
    expect(admit(broken(), until!)).toBe("probe");
    expect(openings).toBe(1);
  });

  test("a straggler changes nothing but the totals", () => {
    const open = broken();
    const after = apply([result("success"), result("failure")], open);
    expect(after).toEqual({ ...open, totals: { ...open.totals, success: 1, failure: 5 } });
  });

  test("lasts twice as long each time in a row, jittered over the upper half, never past the cap", () => {
    const rules = { ...RULES, openMs: MINUTE_MS, openCapMs: 10 * MINUTE_MS };
    expect([1, 2, 3, 4, 5, 500].map((streak) => openTimeMs(streak, 1, rules) / MINUTE_MS)).toEqual([
      1, 2, 4, 8, 10, 10,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, chance) => {
          const ms = openTimeMs(n, chance, rules);
          const longest = Math.min(rules.openCapMs, rules.openMs * 2 ** (n - 1));
          expect(ms).toBeGreaterThanOrEqual(Math.floor(longest / 2));
          expect(ms).toBeLessThanOrEqual(longest);
        },
      ),
    );
  });
});

describe("HALF_OPEN", () => {
  const probe = (what: Result, more: More = {}) => result(what, { opening: 1, at: NOW + HOUR_MS, ...more });

  test("closes after as many good probes as there are permits, and has forgotten", () => {
    const one = apply([probe("success")], halfOpen());
    expect(one).toMatchObject({ mode: "HALF_OPEN", goodProbes: 1 });
    expect(apply([probe("ignored")], one)).toMatchObject({
      mode: "CLOSED",
      streak: 0,
      window: [[NOW + HOUR_MS, 0]],
      openings: 1,
    });
  });

  test.each([
    ["a failure", "failure", 10, "failures"],
    ["a limit without a word how long", "limited", 10, "failures"],
    ["a slow answer", "success", RULES.slowMs, "slowness"],
  ] as const)("%s opens it again, for twice as long", (_, what, durationMs, cause) => {
    const again = apply([probe("success"), probe(what, { durationMs, chance: 1 })], halfOpen());
    expect(again).toMatchObject({ mode: "OPEN", cause, openings: 2, streak: 2, goodProbes: 0 });
    expect(again.until).toBe(NOW + HOUR_MS + 2 * RULES.openMs);
  });

  test("Retry-After opens it for as long as told, and doubles nothing", () => {
    const again = apply([probe("limited", { retryAfterMs: 5 * SECOND_MS })], halfOpen());
    expect(again).toMatchObject({
      mode: "OPEN",
      cause: "retryAfter",
      until: NOW + HOUR_MS + 5_000,
      streak: 1,
    });
  });

  test("the probe of another opening, or a call from before, settles nothing", () => {
    for (const opening of [0, 2, null]) {
      expect(apply([probe("failure", { opening })], halfOpen()).mode).toBe("HALF_OPEN");
      expect(apply([probe("success", { opening })], halfOpen()).goodProbes).toBe(0);
    }
  });
});

describe("orders", () => {
  test.each([
    ["forceOpen", "FORCED_OPEN", { retryAt: null }],
    ["measureOnly", "METRICS_ONLY", "pass"],
    ["disable", "DISABLED", "pass"],
  ] as const)("%s: %s whatever comes, until a reset", (what, mode, admission) => {
    const events = [...times(8, result("failure")), ...times(8, result("denied")), result("success")];
    const forced = apply([order(what), ...events], broken());
    expect(forced.mode).toBe(mode);
    expect(admit(forced, NOW + HOUR_MS)).toEqual(admission);
    expect(apply([order("reset", 2)], forced)).toMatchObject({ mode: "CLOSED", window: [], orderId: 2 });
  });

  test("METRICS_ONLY counts as CLOSED would, DISABLED counts nothing", () => {
    const calls = times(6, result("failure"));
    const measured = statusOf("x", apply([order("measureOnly"), ...calls]), NOW, RULES);
    expect(measured).toMatchObject({ calls: 6, failureShare: 1, totals: { failure: 6 } });
    expect(apply([order("disable"), ...calls])).toMatchObject({ window: [], totals: { failure: 0 } });
  });

  test("one that was carried out is not carried out again", () => {
    const reset = apply([order("reset", 3)], broken());
    expect(apply([order("forceOpen", 3), order("forceOpen", 2)], reset)).toEqual(reset);
  });
});

describe("events and statistics", () => {
  test("each change of mode is told once, with its cause", () => {
    const told: string[] = [];
    let breaker = closedBreaker(NOW);
    const later = { at: NOW + HOUR_MS, opening: 1 };
    const events = [
      ...times(5, result("failure")),
      { type: "probe", ...later } as const,
      result("success", later),
      result("success", later),
      order("forceOpen"),
    ];
    for (const event of events) {
      const next = reduce(breaker, event, RULES);
      const change = changeOf("fly:read", breaker, next);
      if (change !== null) told.push(`${change.from} ${change.to} ${change.cause}`);
      breaker = next;
    }
    expect(told).toEqual([
      "CLOSED OPEN failures",
      "OPEN HALF_OPEN failures",
      "HALF_OPEN CLOSED null",
      "CLOSED FORCED_OPEN order",
    ]);
  });

  test("a breaker says in words what it is", () => {
    expect(describeBreaker("fly:read", broken())).toBe(
      "the breaker fly:read is OPEN since 2026-06-01T12:00:00Z (too many of the last calls failed), until 2026-06-01T12:00:30Z",
    );
    expect(describeBreaker("x", apply([order("forceOpen")]))).toMatch(
      /FORCED_OPEN since .* \(an operator ordered it\), until it is reset$/,
    );
  });
});

describe("whatever happens", () => {
  const events: fc.Arbitrary<BreakerEvent> = fc.oneof(
    fc.record({
      type: fc.constant("result" as const),
      at: fc.integer({ min: NOW - HOUR_MS, max: NOW + 2 * HOUR_MS }),
      durationMs: fc.constantFrom(0, 6_000),
      opening: fc.option(fc.nat(4)),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
      retryAfterMs: fc.option(fc.nat(100_000)),
      result: fc.constantFrom<Result>("success", "failure", "limited", "denied", "ignored"),
    }),
    fc.record({ type: fc.constant("probe" as const), at: fc.constant(NOW), opening: fc.nat(4) }),
    fc.record({
      type: fc.constant("order" as const),
      at: fc.constant(NOW),
      id: fc.nat(6),
      order: fc.constantFrom<Order>("reset", "forceOpen", "measureOnly", "disable"),
    }),
  );

  test("it stays small, survives JSON, counts openings only upward, and OPEN ends or needs a person", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (list) => {
        let breaker = closedBreaker(NOW);
        for (const event of list) {
          const next = reduce(breaker, event, RULES);
          expect(next.openings).toBeGreaterThanOrEqual(breaker.openings);
          breaker = next;
          expect(breaker.window.length).toBeLessThanOrEqual(RULES.windowCalls);
          if (breaker.until === null && breaker.mode === "OPEN") expect(breaker.cause).toBe("denied");
          expect(breaker.cause === null).toBe(breaker.mode === "CLOSED");
        }
        expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
      }),
    );
  });
});
