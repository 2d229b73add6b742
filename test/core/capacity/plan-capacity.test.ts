import { describe, expect, it } from "vitest";
import { capacityModelOf, machinesFor } from "../../../src/core/capacity/capacity-model.ts";
import {
  coverWindow,
  needBefore,
  planCapacity,
  SHRINK_WINDOW_MS,
} from "../../../src/core/capacity/plan-capacity.ts";
import { FORECAST_BIN_MS, type Forecast } from "../../../src/core/forecast/forecast.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";
import { CADENCE_MS, NOW, policy } from "../examples.ts";

const model = capacityModelOf(policy({ requestsPerWorker: 100, leadSeconds: 120 }));
const window = coverWindow(NOW, NOW, CADENCE_MS, model);

function forecast(low: readonly number[], high: readonly number[]): Forecast {
  return {
    madeAt: NOW,
    model: "by hand",
    confidence: 1,
    reason: "by hand",
    start: NOW,
    binMs: FORECAST_BIN_MS,
    quantiles: [0.5, 0.9],
    load: [low, high],
    lately: [0, 0],
  };
}

it("needs the fewest machines that carry the load", () => {
  expect([0, 0.1, 99, 100, 100.1, 250].map((load) => machinesFor(load, model))).toEqual([0, 1, 1, 1, 2, 3]);
});

describe("the window", () => {
  it("reaches to the next tick and its lead time, and the shrink window behind", () => {
    expect(window.from).toBe(NOW);
    expect(window.coveredUntil).toBe(NOW + CADENCE_MS + 2 * MINUTE_MS);
    expect(window.until).toBe(window.coveredUntil + SHRINK_WINDOW_MS);
  });

  it("counts from the slot, also when the tick runs late, and from now when it is a whole cadence late", () => {
    const late = (ms: number) => coverWindow(NOW + ms, NOW, CADENCE_MS, model).coveredUntil;
    expect(late(5 * MINUTE_MS)).toBe(window.coveredUntil);
    expect(late(40 * MINUTE_MS)).toBe(NOW + 42 * MINUTE_MS);
  });
});

describe("the plan", () => {
  it("reads the policy's quantile, between the forecast's own where it must", () => {
    const at = (quantile: number) =>
      planCapacity(forecast([100], [300]), model, policy({ quantile }), window).bins[0];
    expect(at(0.5)).toEqual({ at: NOW, load: 100, machines: 1 });
    expect(at(0.9)).toEqual({ at: NOW, load: 300, machines: 3 });
    expect(at(0.7)?.load).toBeCloseTo(200, 9);
  });

  it("ends with the window", () => {
    const long = new Array<number>(100).fill(50);
    const plan = planCapacity(forecast(long, long), model, policy(), window);
    expect(plan.bins.at(-1)?.at).toBe(NOW + 45 * MINUTE_MS);
    expect(plan.coveredUntil).toBe(window.coveredUntil);
  });

  it("has no bins where nothing is forecast", () => {
    expect(planCapacity(null, model, policy(), window).bins).toEqual([]);
  });
});

describe("the need", () => {
  const loads = [100, 250, 50, 400];
  const plan = planCapacity(forecast(loads, loads), model, policy(), window);

  it("is that of the busiest bin that begins in time", () => {
    expect(needBefore(plan, NOW + 5 * MINUTE_MS)).toBe(1);
    expect(needBefore(plan, NOW + 5 * MINUTE_MS + 1)).toBe(3);
    expect(needBefore(plan, Number.POSITIVE_INFINITY)).toBe(4);
  });

  it("is unknown, not zero, where no bin begins in time", () => {
    expect(needBefore(plan, NOW)).toBeNull();
    expect(needBefore({ coveredUntil: NOW, bins: [] }, Number.POSITIVE_INFINITY)).toBeNull();
  });
});
