import { describe, expect, it } from "vitest";
import type { CapacityPlan } from "../../src/core/capacity/plan-capacity.ts";
import { decide } from "../../src/core/decide.ts";
import { FORECAST_BIN_MS } from "../../src/core/forecast/forecast.ts";
import type { Observation } from "../../src/core/observation.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { createRandom } from "../../src/sim/random.ts";
import { fresh, machine, minutesBefore, NOW, observation, policy, started } from "./examples.ts";

const COVERED_MS = 16 * MINUTE_MS;
const COVERED_BINS = 4;

/** Needs of the covered bins, then of those in the shrink window; 100 requests a minute per machine. */
function plan(covered: number, later: number = covered): CapacityPlan {
  const needs = [...new Array<number>(COVERED_BINS).fill(covered), ...new Array<number>(6).fill(later)];
  return {
    coveredUntil: NOW + COVERED_MS,
    bins: needs.map((machines, i) => ({
      at: NOW + i * FORECAST_BIN_MS,
      load: machines * 100 - 10,
      machines,
    })),
  };
}

const NO_PLAN: CapacityPlan = { coveredUntil: NOW + COVERED_MS, bins: [] };

const quiet = (load = 0) => fresh(minutesBefore(NOW, new Array<number>(30).fill(load)));

function pool(machines: number, changes: Partial<Observation> = {}): Observation {
  return observation({ machines: fresh(started(machines)), samples: quiet(), ...changes });
}

const short = (from: CapacityPlan, seen: Observation) => {
  const { kind, to } = decide(from, seen, "by hand");
  return `${kind} to ${to}`;
};

describe("growing", () => {
  it("grows at once to what is foreseen for the covered window", () => {
    expect(short(plan(5), pool(2))).toBe("grow to 5");
  });

  it("grows at once to what is needed now, where the forecast is lower", () => {
    expect(short(plan(1), pool(2, { samples: quiet(620) }))).toBe("grow to 7");
  });

  it("takes the busiest of the last five minutes for now, and nothing before", () => {
    const spike = (minutesAgo: number) => {
      const values = new Array<number>(30).fill(0);
      values[30 - minutesAgo] = 480;
      return pool(2, { samples: fresh(minutesBefore(NOW, values)) });
    };
    expect(short(plan(1), spike(5))).toBe("grow to 5");
    expect(decide(plan(1), spike(6), "").needNow).toBe(0);
  });

  it("does not wait for a cooldown", () => {
    expect(short(plan(5), pool(2, { lastChangeAt: NOW - 1 }))).toBe("grow to 5");
  });

  it("does not grow for what lies behind the covered window", () => {
    expect(short(plan(2, 6), pool(2))).toBe("hold to 2");
  });
});

describe("shrinking", () => {
  it("shrinks to what covered window and shrink window need", () => {
    expect(short(plan(2, 3), pool(5))).toBe("shrink to 3");
    expect(short(plan(3, 2), pool(5))).toBe("shrink to 3");
  });

  it("never shrinks below what is needed now", () => {
    const seen = pool(5, { samples: quiet(380), policy: policy({ stabilisationSeconds: 0 }) });
    expect(short(plan(1), seen)).toBe("shrink to 4");
  });

  it("bridges a dip that ends within the shrink window", () => {
    expect(short(plan(2, 5), pool(5))).toBe("hold to 5");
  });
});

it("holds between the two questions: enough for the covered window, not too many for the window behind", () => {
  const kinds = [1, 2, 3, 4, 5, 6].map((from) => decide(plan(2, 4), pool(from), "").kind);
  expect(kinds).toEqual(["grow", "hold", "hold", "hold", "shrink", "shrink"]);
});

describe("what is not known", () => {
  it("asks for nothing: without forecast and samples the count stays", () => {
    const missing = { status: "missing", why: "no answer" } as const;
    expect(short(NO_PLAN, pool(4, { samples: missing }))).toBe("hold to 4");
    const gaps = fresh(minutesBefore(NOW, new Array<number>(30).fill(Number.NaN)));
    expect(short(NO_PLAN, pool(4, { samples: gaps }))).toBe("hold to 4");
    const { needNow, needCovered, needShrink } = decide(NO_PLAN, pool(4, { samples: gaps }), "");
    expect([needNow, needCovered, needShrink]).toEqual([null, null, null]);
  });

  it("holds on the first day without a forecast when traffic is low, and grows when it is high", () => {
    expect(short(NO_PLAN, pool(4, { samples: quiet(10) }))).toBe("hold to 4");
    expect(short(NO_PLAN, pool(4, { samples: quiet(610) }))).toBe("grow to 7");
  });

  it("never shrinks on stale or missing data, whatever the forecast says", () => {
    const random = createRandom("stale");
    for (let i = 0; i < 300; i++) {
      const series = minutesBefore(NOW, new Array<number>(30).fill(random.int(0, 600)));
      const stale = random.pick([
        { status: "stale", value: series, ageMs: HOUR_MS, why: "an hour old" },
        { status: "missing", why: "no answer" },
      ] as const);
      const { from, to } = decide(
        plan(random.int(0, 6), random.int(0, 6)),
        pool(random.int(0, 8), { samples: stale }),
        "",
      );
      expect(to).toBeGreaterThanOrEqual(from);
    }
  });

  it("does nothing at all without a fresh list of machines", () => {
    const machines = { status: "stale", value: started(3), ageMs: HOUR_MS, why: "an hour old" } as const;
    expect(short(plan(8), pool(3, { machines }))).toBe("hold to 3");
    expect(short(plan(1), pool(3, { machines }))).toBe("hold to 3");
    expect(decide(plan(8), pool(3, { machines: { status: "missing", why: "no answer" } }), "").kind).toBe(
      "hold",
    );
  });
});

describe("bounds", () => {
  it("goes to the minimum without traffic, to zero where that is zero", () => {
    expect(short(plan(0), pool(4))).toBe("shrink to 1");
    expect(short(plan(0), pool(4, { policy: policy({ minWorkers: 0 }) }))).toBe("shrink to 0");
  });

  it("never leaves them, whatever is needed", () => {
    const random = createRandom("bounds");
    for (let i = 0; i < 300; i++) {
      const minWorkers = random.int(0, 4);
      const maxWorkers = minWorkers + random.int(0, 5);
      const from = random.int(minWorkers, maxWorkers);
      const samples = quiet(random.int(0, 2_000));
      const seen = pool(from, { samples, policy: policy({ minWorkers, maxWorkers }) });
      const { to } = decide(plan(random.int(0, 20), random.int(0, 20)), seen, "");
      expect(to).toBeGreaterThanOrEqual(minWorkers);
      expect(to).toBeLessThanOrEqual(maxWorkers);
    }
  });
});

it("counts machines that serve or are about to, and none that are stopped or cordoned", () => {
  const machines = [
    machine("a"),
    machine("b", { state: "starting" }),
    machine("c", { state: "stopped" }),
    machine("d", { cordoned: true }),
  ];
  expect(decide(plan(2), pool(0, { machines: fresh(machines) }), "")).toMatchObject({
    kind: "hold",
    from: 2,
  });
});

describe("the reason", () => {
  it("tells in one sentence what moved, what was foreseen, what was measured and which rules bit", () => {
    const { reason } = decide(plan(12), pool(2, { samples: quiet(150) }), "Wednesday as ever");
    expect(reason).toBe(
      "Grow from 2 to 10: until 12:16Z at most 1190 requests a minute at q0.9 need 12 (Wednesday as ever), " +
        "150 now need 2; bounds: 10 instead of 12 (the pool's bounds are 1 to 10).",
    );
  });

  it("tells what is missing", () => {
    const gone = { status: "missing", why: "no answer" } as const;
    expect(decide(NO_PLAN, pool(3, { samples: gone }), "no traffic was ever measured").reason).toBe(
      "Hold 3: nothing is forecast (no traffic was ever measured), nothing was measured just now.",
    );
  });
});

it("tells of the machines that the books know where the list cannot be read", () => {
  const seen = pool(3, { machines: { status: "missing", why: "Fly did not answer" }, bookedWorkers: 3 });
  const decision = decide(plan(5), seen, "as ever");
  expect([decision.kind, decision.from, decision.to]).toEqual(["hold", 3, 3]);
  expect(decision.reason).toMatch(
    /^Hold 3: .*unknown machines: 3 instead of 5 \(the list of machines is missing: Fly did not answer\)/,
  );
});
