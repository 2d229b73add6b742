/**
 * A record that went through JSON must decide the same again, and fit into 4 KB.
 */
import { describe, expect, it } from "vitest";
import { BOOT_EVIDENCE, BOOT_PATHS } from "../../src/core/capacity/boots.ts";
import { EMPTY_CAPACITY, learnCapacity } from "../../src/core/capacity/learn-capacity.ts";
import { decideTick } from "../../src/core/decide-tick.ts";
import { MACHINE_STATES, type Machine } from "../../src/core/fleet.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import type { Observation, Part } from "../../src/core/observation.ts";
import { DEFAULT_RULES } from "../../src/core/rules.ts";
import {
  type FullRecord,
  RECORD_LIMIT_BYTES,
  redecide,
  type TickRecord,
  tickRecord,
} from "../../src/core/tick-record.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import type { TrafficSeries } from "../../src/core/traffic.ts";
import { createRandom, type Random } from "../../src/sim/random.ts";
import {
  flySeen,
  fresh,
  machine,
  minutesBefore,
  minutesFrom,
  NOW,
  observation,
  ofRelease,
  policy,
  started,
} from "./examples.ts";

const bytesOf = (record: TickRecord) => Buffer.byteLength(JSON.stringify(record));
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const history = ensembleForecaster("UTC").update(
  null,
  minutesFrom(
    NOW - 3 * DAY_MS,
    (3 * DAY_MS) / MINUTE_MS - 30,
    (at) => 300 + 250 * Math.sin((2 * Math.PI * at) / DAY_MS),
  ),
  [],
  NOW - 30 * MINUTE_MS,
);

function decided(seen: Observation) {
  const decision = decideTick(seen);
  return { ...decision, record: tickRecord(seen, decision) };
}

function expectReplay(seen: Observation): FullRecord {
  const { decision, actions, record } = decided(seen);
  const stored = throughJson(record);
  if (stored.kind !== "full") throw new Error(`expected a full record, got ${stored.kind}`);
  expect(redecide(seen.pool, stored)).toEqual({ decision, actions });
  return stored;
}

/** Of every way, as many percentiles as there can be. */
const BOOTS = BOOT_PATHS.flatMap((path) =>
  BOOT_EVIDENCE.map((evidence) => {
    return { path, evidence, count: 200, p50: 212.345, p95: 412.345, p99: 512.345 };
  }),
);

/** Machines that were seen to carry 88 requests a minute, by cpu. */
const CARRIES_LESS = learnCapacity(
  EMPTY_CAPACITY,
  Array.from({ length: 600 }, (_, i) => ({
    at: NOW - DAY_MS + i * MINUTE_MS,
    requests: 10 + i / 7,
    cpu: (10 + i / 7) / 110,
  })),
  () => ({ workers: 1, size: "unknown" }),
);
const WATCH = { size: "unknown", lookedAt: NOW, since: null, workers: 1, spans: [] };

/** Ids as long as Fly's. */
const flyMachines = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    machine(`e82d${String(i).padStart(10, "0")}`, { createdAt: NOW - DAY_MS + i }),
  );

describe("replay", () => {
  const gappy = minutesBefore(
    NOW,
    Array.from({ length: 60 }, (_, i) => (i % 7 === 0 ? Number.NaN : 400 + i)),
  );
  const cases: [string, Partial<Observation>][] = [
    ["a growth for what is measured now", { samples: fresh(gappy), machines: fresh(started(1)) }],
    [
      "a growth by what there is room for, of the newest release first",
      {
        samples: fresh(gappy),
        machines: fresh([machine("a"), ...["b", "c", "d"].map((id) => machine(id, { state: "stopped" }))]),
        fly: {
          release: { kind: "rolling", why: "release v2 is being brought to 1 more machines" },
          outdated: ["b"],
          proxy: "Fly Proxy: it may stop machines",
          noRoom: [null, "c"].map((machineId) => ({
            machineId,
            since: NOW,
            until: NOW + HOUR_MS,
            why: "region",
          })),
        },
      },
    ],
    ["a growth with a forecast", { state: history, machines: fresh(started(1)) }],
    [
      "a growth out of stopped machines",
      { machines: fresh([machine("a"), machine("b", { state: "stopped" })]), samples: fresh(gappy) },
    ],
    ["a shrinkage", { state: history, machines: fresh(started(30)), policy: policy({ maxWorkers: 40 }) }],
    [
      "a shrinkage kept by stabilisation over an hour",
      {
        state: history,
        machines: fresh(started(9)),
        samples: fresh(gappy),
        policy: policy({ stabilisationSeconds: 3_600, requestsPerWorker: 300 }),
      },
    ],
    [
      "a shrinkage kept by the cooldown",
      { state: history, machines: fresh(started(10)), lastChangeAt: NOW - 100 * SECOND_MS },
    ],
    [
      "stale samples",
      {
        state: history,
        machines: fresh(started(30)),
        samples: { status: "stale", value: gappy, ageMs: HOUR_MS, why: "an hour old" },
      },
    ],
    [
      "missing machines",
      { state: history, bookedWorkers: 9, machines: { status: "missing", why: "Fly answered 500" } },
    ],
    [
      "an override",
      {
        state: history,
        override: {
          machineId: "m0",
          seenAt: NOW,
          until: NOW + HOUR_MS,
          workers: 5,
          what: "m0 was started by hand",
        },
      },
    ],
    [
      "a freeze and a pinned machine",
      {
        state: history,
        machines: fresh(started(9)),
        policy: policy({ frozenUntil: NOW + HOUR_MS, pinnedMachineId: "m0" }),
      },
    ],
    [
      "a growth for machines that carry less than was given",
      {
        state: history,
        machines: fresh(started(1)),
        capacity: { state: CARRIES_LESS, watch: WATCH, samples: null },
      },
    ],
    [
      "a growth with a lead time that was measured",
      { state: history, machines: fresh(started(1)), boots: BOOTS },
    ],
    [
      "a later attempt that runs late",
      { state: history, machines: fresh(started(1)), attempt: 3, slot: NOW - 7 * MINUTE_MS },
    ],
  ];
  it.each(cases)("of %s is identical after JSON", (_name, changes) => {
    expectReplay(observation(changes));
  });

  it("is identical for three hundred ticks of all kinds", () => {
    const random = createRandom("replay");
    let full = 0;
    for (let i = 0; i < 300; i++) {
      const seen = anyObservation(random);
      if (decided(seen).record.kind !== "full") continue;
      expectReplay(seen);
      full += 1;
    }
    expect(full).toBeGreaterThan(150);
  });
});

function anyObservation(random: Random): Observation {
  const machines = Array.from(
    { length: random.int(0, 12) },
    (_, i): Machine =>
      machine(`m${i}`, {
        state: random.next() < 0.7 ? "started" : random.pick(MACHINE_STATES),
        health: random.pick(["passing", "failing", "unknown"] as const),
        cordoned: random.next() < 0.1,
        createdAt: NOW - random.int(0, 1_000) * MINUTE_MS,
        ...(random.next() < 0.5 ? ofRelease(random.int(6, 7)) : {}),
      }),
  );
  const values = Array.from({ length: random.int(0, 90) }, () =>
    random.next() < 0.2 ? Number.NaN : random.between(0, 1_500),
  );
  const series: TrafficSeries = minutesBefore(NOW - random.int(0, 59) * SECOND_MS, values);
  return observation({
    machines: anyPart(random, machines),
    ...flySeen(machines),
    samples: anyPart(random, series),
    state: random.next() < 0.8 ? history : null,
    attempt: random.int(1, 4),
    slot: NOW - random.int(0, 20) * MINUTE_MS,
    lastChangeAt: random.next() < 0.3 ? NOW - random.int(0, 600) * SECOND_MS : null,
    tally: { changesToday: random.int(0, 30), spentMachineHours: random.between(0, 2_000), spentUsd: null },
    policy: policy({
      ...(random.next() < 0.5 ? DEFAULT_RULES : {}),
      budgetMachineHours: random.pick([0, 1_000]),
      lowConfidence: random.pick([0, 0.9]),
      schedule: random.pick(["", "daily 08:00-18:00 min 3"]),
      capFactor: random.pick([0, 2]),
      minWorkers: random.int(0, 3),
      maxWorkers: random.int(3, 15),
      unservedPrice: random.pick([null, 2, 10, 20, 77]),
      stabilisationSeconds: random.pick([0, 61, 600, 1_800]),
      pinnedMachineId: random.pick([null, "m0", "m3"]),
      frozenUntil: random.next() < 0.1 ? NOW + HOUR_MS : null,
    }),
    override:
      random.next() < 0.15
        ? { machineId: "m1", seenAt: NOW, until: NOW + HOUR_MS, workers: random.int(0, 9), what: "by hand" }
        : null,
  });
}

function anyPart<T>(random: Random, value: T): Part<T> {
  const chance = random.next();
  if (chance < 0.8) return { status: "fresh", value };
  if (chance < 0.9) return { status: "stale", value, ageMs: random.int(1, 1e6), why: "old" };
  return { status: "missing", why: "no answer" };
}

describe("size", () => {
  it("is at most 4 KB with sixty machines, ten of them to be started", () => {
    const machines = flyMachines(60).map((one, i) => (i < 10 ? { ...one, state: "stopped" as const } : one));
    const seen = observation({
      state: history,
      machines: fresh(machines),
      samples: fresh(minutesBefore(NOW, new Array<number>(60).fill(5_987))),
      policy: policy({ ...DEFAULT_RULES, maxWorkers: 60, stabilisationSeconds: 900, staleSeconds: 600 }),
      tally: { changesToday: 23, spentMachineHours: 1_234.56789, spentUsd: 12.3456789 },
    });
    const record = expectReplay(seen);
    expect(record.actions).toHaveLength(10);
    expect(bytesOf(record)).toBeLessThanOrEqual(RECORD_LIMIT_BYTES);
  });

  it("leaves the actions out where a lead time that was measured takes their room", () => {
    const machines = flyMachines(60).map((one, i) => (i < 10 ? { ...one, state: "stopped" as const } : one));
    const seen = observation({
      state: history,
      machines: fresh(machines),
      samples: fresh(minutesBefore(NOW, new Array<number>(60).fill(5_987))),
      policy: policy({ maxWorkers: 60 }),
      boots: BOOTS,
      capacity: { state: CARRIES_LESS, watch: WATCH, samples: null },
    });
    const record = expectReplay(seen);
    expect(record.observation).not.toHaveProperty("capacity");
    expect(record.observation.learned?.says).toHaveLength(2);
    expect(record).not.toHaveProperty("actions");
    expect(record.observation.learned?.leadMs).toBe(412_345);
    expect(record.observation).not.toHaveProperty("boots");
    expect(bytesOf(record)).toBeLessThanOrEqual(RECORD_LIMIT_BYTES);
  });

  it("is at most 4 KB with fifty machines in a deploy, of which all that is known of Fly is told", () => {
    const machines = flyMachines(50).map((one, i) => ({
      ...one,
      ...ofRelease(i < 25 ? 1_233 : 1_234),
      ...(i < 10 ? { state: "stopped" as const } : {}),
      ...(i === 49 ? { lastAsked: { verb: "start", by: "user", at: NOW - MINUTE_MS } as const } : {}),
      proxy: { autostop: "stop", autostart: false, minRunning: 5 } as const,
    }));
    const { fly } = flySeen(machines);
    const seen = observation({
      state: history,
      machines: fresh(machines),
      fly: { ...fly!, noRoom: [{ machineId: null, since: NOW, until: NOW + HOUR_MS, why: "region" }] },
      samples: fresh(minutesBefore(NOW, new Array<number>(60).fill(5_987))),
      policy: policy({ ...DEFAULT_RULES, maxWorkers: 60, stabilisationSeconds: 900, staleSeconds: 600 }),
    });
    expect([fly?.release?.kind, fly?.outdated.length, fly?.proxy === null]).toEqual(["rolling", 25, false]);
    expect(bytesOf(expectReplay(seen))).toBeLessThanOrEqual(RECORD_LIMIT_BYTES);
  });

  it("is cut where hundreds of machines do not fit", () => {
    const seen = observation({
      state: history,
      machines: fresh(flyMachines(400)),
      policy: policy({ maxWorkers: 500 }),
    });
    const { decision, record, forecast } = decided(seen);
    expect(decision.kind).toBe("shrink");
    expect(record).toEqual({ v: 1, kind: "cut", confidence: forecast?.confidence });
  });

  it("is counted in bytes, not in letters", () => {
    const seen = observation({
      machines: fresh(started(1)),
      override: { machineId: "m0", seenAt: NOW, until: NOW + 1, workers: 3, what: "ü".repeat(2_200) },
    });
    expect(bytesOf(decided(seen).record)).toBeLessThanOrEqual(RECORD_LIMIT_BYTES);
  });
});

describe("a held pool", () => {
  it("gets a short record where no rule bit", () => {
    const seen = observation({ machines: fresh(started(1)), policy: policy({ requestsPerWorker: 500 }) });
    const { decision, record, forecast } = decided(seen);
    expect([decision.kind, decision.constraints]).toEqual(["hold", []]);
    expect(record).toEqual({ v: 1, kind: "short", confidence: forecast?.confidence });
  });

  it("gets a full one where a rule kept it from moving", () => {
    const seen = observation({ machines: fresh(started(1)), policy: policy({ frozenUntil: NOW + HOUR_MS }) });
    const { decision } = decided(seen);
    expect([decision.kind, decision.constraints.length]).toEqual(["hold", 1]);
    expectReplay(seen);
  });

  it("has no confidence where nothing was ever measured", () => {
    const { record } = decided(observation({ samples: { status: "missing", why: "no answer" } }));
    expect(record).toEqual({ v: 1, kind: "short", confidence: null });
  });
});

it("keeps gaps as null and samples only as far back as the rules look", () => {
  const values = Array.from({ length: 120 }, (_, i) => (i === 115 ? Number.NaN : 700));
  const record = expectReplay(observation({ samples: fresh(minutesBefore(NOW, values)) }));
  const { samples } = record.observation;
  if (samples.status === "missing") throw new Error("expected samples in the record");
  expect(samples.value.values).toContain(null);
  expect(samples.value.values).toHaveLength(11);
});
