// cockatiel is a breaker that many rely on. Where its rules and ours coincide, both must let the same calls pass and be in
// the same state after each, on any sequence. They coincide with one probe, no slow calls, no word from the other side,
// and, for time windows, with calls in every one of cockatiel's buckets (it keeps buckets with calls, not spans of time).
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  handleAll,
  type IBreaker,
  SamplingBreaker,
} from "cockatiel";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admit, closedBreaker, reduce } from "../../../src/core/breaker/breaker.ts";
import { type BreakerRules, DEFAULT_RULES } from "../../../src/core/breaker/rules.ts";

const START = Date.UTC(2026, 0, 1);
const OPEN_MS = 10_000;
const COMMON = { probes: 1, openMs: OPEN_MS, openCapMs: OPEN_MS, slowShare: 1, windowMs: 1e12 } as const;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

/** A call at each step, after so much time. */
type Step = { readonly afterMs: number; readonly ok: boolean };
type Trace = readonly string[];
const STATES = ["CLOSED", "OPEN", "HALF_OPEN"];

async function theirs(breaker: IBreaker, steps: readonly Step[]): Promise<Trace> {
  vi.setSystemTime(START);
  const policy = circuitBreaker(handleAll, { halfOpenAfter: OPEN_MS, breaker });
  const trace: string[] = [];
  for (const { afterMs, ok } of steps) {
    vi.setSystemTime(Date.now() + afterMs);
    const what = await policy
      .execute(() => (ok ? "passed" : Promise.reject(new Error("no"))))
      .catch((error: unknown) => (error instanceof BrokenCircuitError ? "refused" : "passed"));
    trace.push(`${what} ${STATES[policy.state]}`);
  }
  return trace;
}

function ours(rules: BreakerRules, steps: readonly Step[]): Trace {
  let now = START;
  let breaker = closedBreaker(now);
  return steps.map(({ afterMs, ok }) => {
    now += afterMs;
    const admission = admit(breaker, now);
    if (typeof admission === "object") return `refused ${breaker.mode}`;
    const opening = admission === "probe" ? breaker.openings : null;
    if (opening !== null) breaker = reduce(breaker, { type: "probe", at: now, opening }, rules);
    const verdict = { result: ok ? "success" : "failure", retryAfterMs: null } as const;
    breaker = reduce(
      breaker,
      { type: "result", at: now, durationMs: 0, opening, chance: 1, ...verdict },
      rules,
    );
    return `passed ${breaker.mode}`;
  });
}

const steps = fc.array(
  fc.record({ afterMs: fc.constantFrom(0, 1, 900, 4_000, 9_999, 10_000), ok: fc.boolean() }),
  { minLength: 20, maxLength: 120 },
);

describe("equal to cockatiel, call by call", () => {
  test("CountBreaker: a share of the last calls, from a minimum of calls on", async () => {
    const given = fc
      .record({
        size: fc.integer({ min: 1, max: 12 }),
        threshold: fc.constantFrom(0.1, 0.25, 0.5, 0.75, 0.9),
      })
      .chain((one) => fc.record({ ...mapped(one), minimum: fc.integer({ min: 1, max: one.size }), steps }));
    await fc.assert(
      fc.asyncProperty(given, async ({ size, threshold, minimum, steps }) => {
        const rules = {
          ...DEFAULT_RULES,
          ...COMMON,
          windowCalls: size,
          minimumCalls: minimum,
          failureShare: threshold,
        };
        const breaker = new CountBreaker({ threshold, size, minimumNumberOfCalls: minimum });
        expect(ours(rules, steps)).toEqual(await theirs(breaker, steps));
      }),
      { numRuns: 300 },
    );
  });

  test("ConsecutiveBreaker: so many failures in a row are a window full of them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), steps, async (count, steps) => {
        const rules = { ...DEFAULT_RULES, ...COMMON, windowCalls: count, minimumCalls: count };
        const all = { ...rules, failureShare: (count - 0.5) / count };
        expect(ours(all, steps)).toEqual(await theirs(new ConsecutiveBreaker(count), steps));
      }),
      { numRuns: 300 },
    );
  });

  test("SamplingBreaker: a share of the calls of a time, from a minimum of calls on", async () => {
    const seconds = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), {
      minLength: 10,
      maxLength: 60,
    });
    const given = fc.record({
      durationSeconds: fc.integer({ min: 5, max: 12 }),
      threshold: fc.constantFrom(0.25, 0.5, 0.75),
      minimumRps: fc.constantFrom(0.25, 0.5, 1, 2),
      seconds,
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ durationSeconds, threshold, minimumRps, seconds }) => {
        const duration = durationSeconds * 1_000;
        const rules = {
          ...DEFAULT_RULES,
          ...COMMON,
          windowCalls: 1_000,
          windowMs: duration,
          minimumCalls: Math.ceil(durationSeconds * minimumRps),
          failureShare: threshold,
        };
        const steps = seconds.flatMap((calls) =>
          calls.map((ok, i): Step => ({ afterMs: i === 0 ? 1_000 : 0, ok })),
        );
        // While it is open cockatiel's buckets stand still, and ours age: they coincide up to the first opening.
        const wanted = await theirs(new SamplingBreaker({ threshold, duration, minimumRps }), steps);
        const until = wanted.findIndex((word) => word.endsWith(" OPEN")) + 1 || wanted.length;
        expect(ours(rules, steps).slice(0, until)).toEqual(wanted.slice(0, until));
      }),
      { numRuns: 300 },
    );
  });

  test("the sequences do open, half-open and close", async () => {
    const failures = Array.from({ length: 5 }, (): Step => ({ afterMs: 1, ok: false }));
    const trace = await theirs(new ConsecutiveBreaker(3), [...failures, { afterMs: 10_000, ok: true }]);
    expect(trace).toEqual([
      "passed CLOSED",
      "passed CLOSED",
      "passed OPEN",
      "refused OPEN",
      "refused OPEN",
      "passed CLOSED",
    ]);
  });
});

function mapped<T extends Record<string, number>>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fc.constant(value)])) as never;
}
