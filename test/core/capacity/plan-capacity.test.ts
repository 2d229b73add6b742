import { describe, expect, it } from "vitest";
import { capacityModelOf, machinesFor } from "../../../src/core/capacity/capacity-model.ts";
import {
  type Belief,
  needBefore,
  PLAN_QUANTILES,
  planCapacity,
  planWindow,
} from "../../../src/core/capacity/plan-capacity.ts";
import { FORECAST_BIN_MS } from "../../../src/core/forecast/forecast.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";
import { CADENCE_MS, forecastOf, NOW, policy } from "../examples.ts";

const model = capacityModelOf(policy({ requestsPerWorker: 100, leadSeconds: 120 }));
const window = planWindow(NOW, NOW, CADENCE_MS, model.leadMs);
const atPrice = (unservedPrice: number): Belief => ({
  goal: { kind: "price", unservedPrice },
  risk: 1 / unservedPrice,
  doubt: 0,
});
const promised = (risk: number, doubt = 0): Belief => ({
  goal: { kind: "promise", shortShare: 0.01 },
  risk,
  doubt,
});

it("needs the fewest machines that carry the load", () => {
  expect([0, 0.1, 99, 100, 100.1, 250].map((load) => machinesFor(load, model))).toEqual([0, 1, 1, 1, 2, 3]);
});

describe("the window", () => {
  it("covers what serves no sooner than after the next tick, and looks as far as a boot could pay off", () => {
    expect(window.coveredUntil).toBe(NOW + CADENCE_MS + 2 * MINUTE_MS);
    expect(window.until).toBe(NOW + 2 * CADENCE_MS + 6 * MINUTE_MS + 15 * MINUTE_MS);
  });

  it("names now, the ticks to come and its own end", () => {
    expect(window.ticks.map((at) => (at - NOW) / MINUTE_MS)).toEqual([0, 15, 30, 45, 51]);
  });

  it("counts from the slot where the tick runs late, and from now where it is a whole cadence late", () => {
    const late = (minutes: number) => planWindow(NOW + minutes * MINUTE_MS, NOW, CADENCE_MS, model.leadMs);
    expect(late(5).coveredUntil).toBe(window.coveredUntil);
    expect(late(5).ticks[1]).toBe(NOW + CADENCE_MS);
    expect(late(40).ticks[1]).toBeGreaterThan(NOW + 40 * MINUTE_MS);
    expect(late(40).ticks).toEqual([...late(40).ticks].sort((a, b) => a - b));
  });
});

describe("what a bin needs", () => {
  const spread = forecastOf([[100, 150, 200, 250, 300, 350, 400, 500]]);

  it("is read at the quantile of the risk", () => {
    const at = (risk: number) => planCapacity(spread, model, promised(risk), window).bins[0];
    expect(at(0.05)).toEqual({ at: NOW, load: 250, machines: 3 });
    expect(at(0.001)).toEqual({ at: NOW, load: 500, machines: 5 });
    expect(at(0.01)?.machines).toBe(4);
  });

  it("is unknown where nothing is forecast", () => {
    const plan = planCapacity(null, model, promised(0.01), window);
    expect([plan.bins, plan.ahead, needBefore(plan, Number.POSITIVE_INFINITY)]).toEqual([[], null, null]);
  });

  it("counts for the bins that begin in time", () => {
    const plan = planCapacity(
      forecastOf([100, 250, 50, 400].map((load) => new Array<number>(8).fill(load))),
      model,
      promised(0.01),
      window,
    );
    expect(needBefore(plan, NOW + FORECAST_BIN_MS)).toBe(1);
    expect(needBefore(plan, NOW + FORECAST_BIN_MS + 1)).toBe(3);
    expect(needBefore(plan, Number.POSITIVE_INFINITY)).toBe(4);
    expect(needBefore(plan, NOW)).toBeNull();
  });
});

describe("what a machine is missed by", () => {
  const spread = forecastOf([[100, 150, 200, 250, 300, 350, 400, 500]]);
  const missed = (belief: Belief, machine: number) =>
    planCapacity(spread, model, belief, window).ahead!.missed(machine)[0]!;

  it("at a price, is the share of it that demand uses, in machines of that price", () => {
    // The first machine's 100 requests a minute are needed at least every second minute; the tenth hardly ever.
    expect(missed(atPrice(20), 0)).toBeGreaterThan(20 * 0.5);
    expect(missed(atPrice(20), 0)).toBeLessThanOrEqual(20);
    expect(missed(atPrice(40), 2)).toBeCloseTo(2 * missed(atPrice(20), 2), 9);
    expect(missed(atPrice(20), 10)).toBeLessThan(0.02);
  });

  it("under a promise, is the chance to be short without it over the chance that is allowed", () => {
    // Without the fourth machine 300 are carried, and exceeded once in fifty minutes.
    expect(missed(promised(0.01), 3)).toBeCloseTo(0.02 / 0.01, 6);
    expect(missed(promised(0.001), 3)).toBeCloseTo(0.02 / 0.001, 6);
  });

  it("never rises with the machine's number", () => {
    for (const belief of [atPrice(20), promised(0.01), promised(0.0001, 0.5)]) {
      const { missed, blocks } = planCapacity(spread, model, belief, window).ahead!;
      const rows = Array.from({ length: blocks }, (_, block) => missed(block)[0]!);
      expect(rows).toEqual([...rows].sort((a, b) => b - a));
    }
  });

  it("follows what the past week has seen as far as the forecast is doubted", () => {
    const stormy = { ...spread, lately: [100, 150, 200, 250, 300, 900, 950, 990] };
    const at = (doubt: number) =>
      planCapacity(stormy, model, promised(0.01, doubt), window).ahead!.missed(8)[0]!;
    expect(at(1)).toBeGreaterThan(0.9);
    expect(at(0)).toBeLessThan(0.1);
    expect(at(0.5)).toBeCloseTo((at(0) + at(1)) / 2, 9);
  });
});

it("looks at an absurd load in blocks, and at no more of them", () => {
  const absurd = forecastOf([PLAN_QUANTILES.map((_, i) => 1e9 * (1 + i))]);
  const { blockSize, ahead } = planCapacity(absurd, model, promised(0.001), window);
  expect(blockSize).toBeGreaterThan(1_000);
  expect(ahead!.blocks).toBeLessThanOrEqual(256);
});
