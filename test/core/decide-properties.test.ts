/** What must hold for every pool, rule and load: drawn by seed, and counted where the answer is a number. */
import { describe, expect, it } from "vitest";
import { decideFrom } from "../../src/core/decide-tick.ts";
import type { Machine } from "../../src/core/fleet.ts";
import type { Forecast } from "../../src/core/forecast/forecast.ts";
import type { Observation } from "../../src/core/observation.ts";
import type { Policy } from "../../src/core/policy.ts";
import { DEFAULT_RULES } from "../../src/core/rules.ts";
import { DAY_MS } from "../../src/core/time.ts";
import { createRandom, type Random } from "../../src/sim/random.ts";
import {
  curve,
  flySeen,
  forecastOf,
  fresh,
  machine,
  minutesBefore,
  NOW,
  observation,
  ofRelease,
  policy,
  started,
} from "./examples.ts";

const BINS = 10;

/** Any rules but budgets and locks. */
function anyRules(random: Random): Partial<Policy> {
  const minWorkers = random.int(0, 3);
  return {
    ...DEFAULT_RULES,
    minWorkers,
    maxWorkers: minWorkers + random.int(0, 30),
    stabilisationSeconds: random.pick([0, 600, 900]),
    cooldownSeconds: random.pick([0, 300]),
    growCooldownSeconds: random.pick([0, 0, 600]),
    capFactor: random.pick([0, 0, 1.5, 3]),
    growStepWorkers: random.pick([0, 0, 1, 2]),
    growStepShare: random.pick([0, 0, 0.5]),
    shrinkStepWorkers: random.pick([0, 1, 2]),
    shrinkStepShare: random.pick([0, 0.3, 0.5]),
    lowConfidence: random.pick([0, 0, 0.3]),
    shrinkBand: random.pick([0, 0.05, 0.3]),
    zeroAfterSeconds: random.pick([0, 1_200]),
    schedule: random.pick(["", "", "daily 00:00-24:00 min 2", "wed 11:00-13:00 max 4"]),
    unservedPrice: random.pick([null, 20]),
    shortShare: random.pick([0.001, 0.01]),
  };
}

type Scene = { readonly seen: Observation; readonly forecast: Forecast };

function anyScene(
  random: Random,
  wishes = anyRules(random),
): Scene & { readonly grown: (factor: number) => Scene } {
  const from = random.int(0, 12);
  const minutes = Array.from({ length: 45 }, () => random.between(0, random.pick([50, 500, 1_500])));
  const ahead = Array.from({ length: BINS }, () => random.between(0, random.pick([50, 500, 1_500])));
  const usual = random.between(0, 600);
  const confidence = random.pick([0.1, 0.9]);
  const lastChangeAt = random.pick([null, NOW - 100_000]);
  const at = (factor: number): Scene => ({
    seen: observation({
      machines: fresh(started(from)),
      samples: fresh(
        minutesBefore(
          NOW,
          minutes.map((load) => load * factor),
        ),
      ),
      policy: policy(wishes),
      lastChangeAt,
    }),
    forecast: {
      ...forecastOf(ahead.map((load) => curve(load * factor))),
      lately: curve(usual * factor),
      confidence,
    },
  });
  return { ...at(1), grown: at };
}

const decisionOf = ({ seen, forecast }: Scene) => decideFrom({ forecast, peaks: [] }, seen).decision;

describe("bounds", () => {
  it("always hold, whatever the rules, unless something keeps the pool as it is", () => {
    const random = createRandom("bounds");
    for (let i = 0; i < 600; i++) {
      const scene = anyScene(random);
      const { to } = decisionOf(scene);
      const { minWorkers, maxWorkers } = scene.seen.policy;
      expect(to).toBeGreaterThanOrEqual(minWorkers);
      expect(to).toBeLessThanOrEqual(maxWorkers);
    }
  });

  it("are never left by a pool that was within them, under any lock", () => {
    const random = createRandom("locks");
    const locks: ((seen: Observation) => Partial<Observation>)[] = [
      () => ({ machines: { status: "missing", why: "no answer" } }),
      ({ policy: own }) => ({ policy: { ...own, frozenUntil: NOW + 1 } }),
      () => ({ samples: { status: "missing", why: "no answer" } }),
      () => ({ samples: { status: "missing", why: "no answer", ageMs: 9 * DAY_MS } }),
      () => ({
        override: {
          machineId: "m0",
          seenAt: NOW,
          until: NOW + 1,
          workers: random.int(0, 30),
          what: "by hand",
        },
      }),
      ({ policy: own }) => ({
        policy: { ...own, floorWorkers: 30 },
        samples: { status: "missing", why: "no answer" },
      }),
      ({ policy: own }) => ({
        policy: { ...own, budgetMachineHours: 1 },
        tally: { changesToday: 99, spentMachineHours: 2, spentUsd: null },
      }),
    ];
    for (let i = 0; i < 600; i++) {
      const scene = anyScene(random);
      const { minWorkers, maxWorkers } = scene.seen.policy;
      const from = random.int(minWorkers, maxWorkers);
      const within = { ...scene.seen, machines: fresh(started(from)), bookedWorkers: from };
      const { to } = decisionOf({ ...scene, seen: { ...within, ...random.pick(locks)(within) } });
      expect(to).toBeGreaterThanOrEqual(minWorkers);
      expect(to).toBeLessThanOrEqual(maxWorkers);
    }
  });
});

it("more demand never means fewer machines", () => {
  const random = createRandom("more");
  let moved = 0;
  for (let i = 0; i < 600; i++) {
    const scene = anyScene(random);
    const less = decisionOf(scene);
    const more = decisionOf(scene.grown(random.pick([1.01, 1.3, 2, 10])));
    expect(more.to, `${less.reason}\n${more.reason}`).toBeGreaterThanOrEqual(less.to);
    if (more.to > less.to) moved += 1;
  }
  expect(moved).toBeGreaterThan(100);
});

it("with no news the decision is a fixed point, reached without turning back", () => {
  const random = createRandom("no news");
  for (let i = 0; i < 400; i++) {
    const { seen, forecast } = anyScene(random);
    const counts = [0];
    let last = { ...seen, lastChangeAt: null };
    for (let tick = 0; tick < 15; tick++) {
      const { to } = decisionOf({ seen: last, forecast });
      counts[tick] = to;
      last = { ...last, machines: fresh(started(to)) };
    }
    const moves = counts
      .slice(1)
      .map((count, j) => Math.sign(count - counts[j]!))
      .filter((move) => move !== 0);
    expect(counts.slice(-3), counts.join()).toEqual(new Array(3).fill(counts.at(-1)));
    expect(new Set(moves).size, counts.join()).toBeLessThanOrEqual(1);
  }
});

it("the order of the machines changes nothing", () => {
  const random = createRandom("order");
  for (let i = 0; i < 200; i++) {
    const machines = Array.from(
      { length: random.int(1, 9) },
      (_, n): Machine =>
        machine(`m${n}`, {
          state: random.pick(["started", "started", "stopped", "starting", "failed", "suspended"] as const),
          health: random.pick(["passing", "failing", "unknown"] as const),
          cordoned: random.next() < 0.1,
          createdAt: NOW - random.int(1, 3) * DAY_MS,
          ...ofRelease(random.int(1, 2)),
        }),
    );
    const { seen, forecast } = anyScene(random);
    const decide = (list: readonly Machine[]) => {
      const { decision, actions } = decideFrom(
        { forecast, peaks: [] },
        {
          ...seen,
          machines: fresh(list),
          ...flySeen(list),
        },
      );
      return { decision, actions };
    };
    const shuffled = machines.map((one) => ({ one, key: random.next() })).sort((a, b) => a.key - b.key);
    expect(decide(shuffled.map(({ one }) => one))).toEqual(decide(machines));
  }
});
