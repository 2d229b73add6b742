import { describe, expect, it } from "vitest";
import { capacityModelOf } from "../../src/core/capacity/capacity-model.ts";
import {
  type Belief,
  type CapacityPlan,
  planCapacity,
  planWindow,
} from "../../src/core/capacity/plan-capacity.ts";
import { decide } from "../../src/core/decide.ts";
import type { Observation } from "../../src/core/observation.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/core/time.ts";
import { createRandom } from "../../src/sim/random.ts";
import {
  CADENCE_MS,
  forecastOf,
  fresh,
  machine,
  minutesBefore,
  NOW,
  observation,
  policy,
  started,
} from "./examples.ts";

const BINS = 12;
const COVERED_BINS = 4;
const MODEL = capacityModelOf(policy());
const AT_PRICE: Belief = { goal: { kind: "price", unservedPrice: 10 }, risk: 0.1, doubt: 0 };
const WINDOW = planWindow(NOW, NOW, CADENCE_MS, MODEL.leadMs);

/** Sure of what comes: so many machines are needed in the first bins, those that are covered, and so many behind them. */
function plan(covered: number, later: number = covered, first = COVERED_BINS): CapacityPlan {
  const bins = Array.from({ length: BINS }, (_, i) => {
    const machines = i < first ? covered : later;
    return new Array<number>(8).fill(Math.max(0, machines * 100 - 10));
  });
  return planCapacity(forecastOf(bins), MODEL, AT_PRICE, WINDOW);
}

const NO_PLAN = planCapacity(null, MODEL, AT_PRICE, WINDOW);

const quiet = (load = 0) => fresh(minutesBefore(NOW, new Array<number>(30).fill(load)));

function pool(machines: number, changes: Partial<Observation> = {}): Observation {
  return observation({ machines: fresh(started(machines)), samples: quiet(), ...changes });
}

const decided = (from: CapacityPlan, seen: Observation, because = "") =>
  decide(from, MODEL, [], seen, because);
const short = (from: CapacityPlan, seen: Observation) => {
  const { kind, to } = decided(from, seen, "by hand");
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
    expect(decided(plan(1), spike(6)).needNow).toBe(0);
  });

  it("does not wait for a cooldown", () => {
    expect(short(plan(5), pool(2, { lastChangeAt: NOW - 1 }))).toBe("grow to 5");
  });

  it("does not grow for what the next tick can still start in time", () => {
    expect(short(plan(2, 6), pool(2))).toBe("hold to 2");
  });
});

describe("shrinking", () => {
  it("shrinks to what the forecast needs, although the load was never lower", () => {
    expect(short(plan(3), pool(5))).toBe("shrink to 3");
    expect(short(plan(3, 2), pool(5))).toBe("shrink to 3");
  });

  it("never shrinks below what is needed now", () => {
    const seen = pool(5, { samples: quiet(380), policy: policy({ stabilisationSeconds: 0 }) });
    expect(short(plan(1), seen)).toBe("shrink to 4");
  });

  it("bridges a dip that a boot would cost more than", () => {
    const slow = { ...MODEL, leadMs: 30 * MINUTE_MS };
    const window = planWindow(NOW, NOW, CADENCE_MS, slow.leadMs);
    const dip = [2, 2, 2, ...new Array<number>(20).fill(5)].map((machines) =>
      new Array<number>(8).fill(machines * 100 - 10),
    );
    const bridged = decide(planCapacity(forecastOf(dip), slow, AT_PRICE, window), slow, [], pool(5), "");
    expect([bridged.needCovered, bridged.to]).toEqual([5, 5]);
    expect(short(plan(2, 5, 8), pool(5))).toBe("shrink to 2");
  });
});

describe("booting machines", () => {
  const booting = (askedAgoMs: number) =>
    machine("b", { state: "starting", lastAsked: { verb: "start", by: "user", at: NOW - askedAgoMs } });

  it("are asked for once", () => {
    const seen = pool(0, { machines: fresh([...started(2), booting(10_000)]) });
    expect(short(plan(3), seen)).toBe("hold to 3");
  });

  it("are not yet there for the load of this moment", () => {
    const seen = pool(0, { machines: fresh([...started(2), booting(10_000)]), samples: quiet(290) });
    expect(decided(plan(3), seen).severity).toBe("critical");
  });
});

describe("what is not known", () => {
  it("asks for nothing: without forecast and samples the count stays", () => {
    const missing = { status: "missing", why: "no answer" } as const;
    expect(short(NO_PLAN, pool(4, { samples: missing }))).toBe("hold to 4");
    const gaps = fresh(minutesBefore(NOW, new Array<number>(30).fill(Number.NaN)));
    expect(short(NO_PLAN, pool(4, { samples: gaps }))).toBe("hold to 4");
    const { needNow, needCovered, worth } = decided(NO_PLAN, pool(4, { samples: gaps }));
    expect([needNow, needCovered, worth]).toEqual([null, null, null]);
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
      const { from, to } = decided(
        plan(random.int(0, 6), random.int(0, 6)),
        pool(random.int(0, 8), { samples: stale }),
      );
      expect(to).toBeGreaterThanOrEqual(from);
    }
  });

  it("does nothing at all without a fresh list of machines", () => {
    const machines = { status: "stale", value: started(3), ageMs: HOUR_MS, why: "an hour old" } as const;
    expect(short(plan(8), pool(3, { machines }))).toBe("hold to 3");
    expect(short(plan(1), pool(3, { machines }))).toBe("hold to 3");
    expect(decided(plan(8), pool(3, { machines: { status: "missing", why: "no answer" } })).kind).toBe(
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
      const { to } = decided(plan(random.int(0, 20), random.int(0, 20)), seen);
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
  expect(decided(plan(2), pool(0, { machines: fresh(machines) }))).toMatchObject({
    kind: "hold",
    from: 2,
  });
});

describe("the reason", () => {
  it("tells in one sentence what moved, what was foreseen, what was measured and which rules bit", () => {
    const { reason } = decided(plan(12), pool(2, { samples: quiet(150) }), "Wednesday as ever");
    expect(reason).toBe(
      "Grow from 2 to 10: until 12:16Z at most 1190 requests a minute at q0.9 need 12 (Wednesday as ever), " +
        "150 now need 2, 12 earn their keep; bounds: 10 instead of 12 (the pool's bounds are 1 to 10).",
    );
  });

  it("tells what is missing", () => {
    const gone = { status: "missing", why: "no answer" } as const;
    expect(decided(NO_PLAN, pool(3, { samples: gone }), "no traffic was ever measured").reason).toBe(
      "Hold 3: nothing is forecast (no traffic was ever measured), nothing was measured just now.",
    );
  });
});

it("tells of the machines that the books know where the list cannot be read", () => {
  const seen = pool(3, { machines: { status: "missing", why: "Fly did not answer" }, bookedWorkers: 3 });
  const decision = decided(plan(5), seen, "as ever");
  expect([decision.kind, decision.from, decision.to]).toEqual(["hold", 3, 3]);
  expect(decision.reason).toMatch(
    /^Hold 3: .*unknown machines: 3 instead of 5 \(the list of machines is missing: Fly did not answer\)/,
  );
});

describe("what it says beside the number", () => {
  const peaks = [5 * MINUTE_MS, HOUR_MS].map((withinMs, i) => ({
    until: NOW + withinMs,
    load: 250 + 300 * i,
  }));
  const told = decide(plan(2), MODEL, peaks, pool(2), "");

  it("tells how many machines each horizon needs, and how urgent that is", () => {
    expect(told.foreseen).toEqual([
      { withinMs: 5 * MINUTE_MS, load: 250, machines: 3 },
      { withinMs: HOUR_MS, load: 550, machines: 6 },
    ]);
    expect(told.severity).toBe("elevated");
  });

  it("tells what it costs until the next tick, in machine-hours", () => {
    expect(decided(plan(6), pool(2)).extraMachineHours).toBe(1);
    expect(decided(plan(1), pool(5)).extraMachineHours).toBe(-1);
    expect(told.extraMachineHours).toBe(0);
  });

  it("tells the goal and the quantile that it comes to", () => {
    expect([told.goal, told.quantile]).toEqual(["an unserved machine-hour is worth 10 machine-hours", 0.9]);
  });
});
