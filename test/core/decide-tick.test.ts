/**
 * The whole pure half: an Observation in, what to do and what to remember out.
 */
import { describe, expect, it } from "vitest";
import { decideTick } from "../../src/core/decide-tick.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { HORIZONS_MS, STORED_QUANTILES } from "../../src/core/forecast/forecast.ts";
import { DAY_MS, MINUTE_MS } from "../../src/core/time.ts";
import { fresh, minutesBefore, minutesFrom, NOW, observation, policy, started } from "./examples.ts";

const MINUTES_PER_DAY = DAY_MS / MINUTE_MS;

const weeksOf = (load: (at: number) => number, days = 14) =>
  ensembleForecaster("UTC").update(
    null,
    minutesFrom(NOW - days * DAY_MS, days * MINUTES_PER_DAY, load),
    [],
    NOW,
  );

const missing = { status: "missing", why: "no answer" } as const;

describe("first day", () => {
  it("holds and says so where nothing was ever measured", () => {
    const { decision, actions, forecast, predictions, state } = decideTick(observation({ samples: missing }));
    expect(decision).toMatchObject({ kind: "hold", from: 2, to: 2 });
    expect(decision.reason).toContain("no traffic was ever measured");
    expect([actions, forecast, predictions, state]).toEqual([[], null, [], null]);
  });

  it("begins to learn from the first samples, and grows for them at once", () => {
    const seen = observation({ samples: fresh(minutesBefore(NOW, new Array<number>(15).fill(480))) });
    const { decision, state } = decideTick(seen);
    expect(decision.kind).toBe("grow");
    expect(decision.to).toBeGreaterThanOrEqual(5);
    expect(state?.profile.overallCount).toBe(3);
  });
});

describe("before the traffic", () => {
  const NINE_MINUTES = 9 * MINUTE_MS;
  /** Quiet until nine minutes after noon, then busy until one. */
  const lunch = (at: number) =>
    at % DAY_MS >= DAY_MS / 2 + NINE_MINUTES && at % DAY_MS < DAY_MS * 0.55 ? 780 : 80;

  it("grows for a rise that it knows from the days before, while all is still quiet", () => {
    const seen = observation({
      state: weeksOf(lunch),
      samples: fresh(minutesBefore(NOW, new Array<number>(15).fill(80))),
      machines: fresh(started(2)),
      policy: policy({ unservedPrice: 10 }),
    });
    const { decision } = decideTick(seen);
    expect(decision.needNow).toBe(1);
    expect(decision.kind).toBe("grow");
    expect(decision.to).toBeGreaterThanOrEqual(7);
  });
});

describe("a lead time that was measured", () => {
  const boots = (p95: number, count = 40) =>
    [{ path: "create", evidence: "event", count, p50: 1, p95, p99: 2 * p95 }] as const;
  const steep = (at: number) => (at % DAY_MS >= DAY_MS / 2 + 25 * MINUTE_MS ? 780 : 80);
  const seen = {
    state: weeksOf(steep),
    samples: fresh(minutesBefore(NOW, new Array<number>(15).fill(80))),
    machines: fresh(started(2)),
  };

  it("is planned with, and told", () => {
    const slow = decideTick(observation({ ...seen, boots: boots(900) }));
    const owners = decideTick(observation({ ...seen, policy: policy({ leadSeconds: 900 }) }));
    expect(slow.decision.reason).toContain("; a create takes 900 s (P95 of 40 boots)");
    expect(slow.learned).toEqual({ leadMs: 900_000, says: ["a create takes 900 s (P95 of 40 boots)"] });
    expect({ ...slow.decision, reason: "" }).toEqual({ ...owners.decision, reason: "" });
    const quick = decideTick(observation({ ...seen, boots: boots(1.5) }));
    expect(slow.decision.needCovered).toBeGreaterThan(quick.decision.needCovered!);
    expect(slow.ledger?.fleet.bootingUntil.every((at) => at === NOW + 900_000)).toBe(true);
    expect(slow.ledger?.fleet.bootingUntil.length).toBeGreaterThan(0);
  });

  it("changes nothing where too few boots were measured", () => {
    const few = decideTick(observation({ ...seen, boots: boots(1.5, 19) }));
    expect(JSON.stringify(few)).toBe(JSON.stringify(decideTick(observation(seen))));
  });
});

describe("zero traffic", () => {
  const quiet = fresh(minutesBefore(NOW, new Array<number>(15).fill(0)));
  const withMinimum = (minWorkers: number) =>
    decideTick(
      observation({
        state: weeksOf(() => 0),
        samples: quiet,
        machines: fresh(started(4)),
        policy: policy({ minWorkers, unservedPrice: 20 }),
      }),
    ).decision;

  it("takes the pool to its minimum", () => {
    expect(withMinimum(1)).toMatchObject({ kind: "shrink", to: 1 });
  });

  it("takes the pool to zero where that is the minimum", () => {
    expect(withMinimum(0)).toMatchObject({ kind: "shrink", to: 0 });
  });
});

it("keeps the state where no samples could be read", () => {
  const state = weeksOf(() => 100);
  expect(decideTick(observation({ state, samples: missing })).state).toBe(state);
});

it("predicts at five horizons, on the grid, at every stored quantile", () => {
  const { predictions } = decideTick(observation({ state: weeksOf(() => 100), now: NOW + 90_000 }));
  expect(predictions.map(({ horizonMs, targetAt }) => [horizonMs, targetAt])).toEqual(
    HORIZONS_MS.map((horizonMs) => [horizonMs, NOW + horizonMs]),
  );
  for (const { load } of predictions) {
    expect(load).toHaveLength(STORED_QUANTILES.length);
    expect(load).toEqual([...load].sort((a, b) => a - b));
  }
});

it("does not change what it was given", () => {
  const seen = observation({ state: weeksOf(() => 100, 2) });
  const copy = structuredClone(seen);
  decideTick(seen);
  expect(seen).toEqual(copy);
});

it("decides the same from the same", () => {
  const seen = () => observation({ state: weeksOf((at) => 200 + (at % 977), 2) });
  expect(decideTick(seen())).toEqual(decideTick(seen()));
});
