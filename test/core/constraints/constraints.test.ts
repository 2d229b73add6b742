/**
 * Runs test/scenarios/constraints.txt: one row, one pool, one verdict.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Outlook, UNKNOWN_OUTLOOK } from "../../../src/core/constraints/constraint.ts";
import { applyConstraints, CONSTRAINTS } from "../../../src/core/constraints/index.ts";
import type { Machine } from "../../../src/core/fleet.ts";
import type { FlyNow, Observation, Override, Part, Tally } from "../../../src/core/observation.ts";
import type { Policy } from "../../../src/core/policy.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../src/core/time.ts";
import type { TrafficSeries } from "../../../src/core/traffic.ts";
import { flySeen, fresh, minutesBefore, NOW, observation, policy, started } from "../examples.ts";
import { ofReleases, POLICY_WORDS, secondsOf, TALLY_WORDS } from "../scenario-words.ts";

type Scenario = {
  name: string;
  from: number;
  to: number;
  given: Map<string, string>;
  ends: number;
  bites: string[];
};

const SAMPLED_MINUTES = 30;
const QUIET = 0;
const ANY_BITES = "*";

function readScenarios(): Scenario[] {
  const text = readFileSync(new URL("../../scenarios/constraints.txt", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.slice(1).map((line) => {
    const [name = "", from, to, given = "", ends, bites = ""] = line.split("|").map((cell) => cell.trim());
    const words = given.split(/\s+/).filter(Boolean);
    return {
      name,
      from: Number(from),
      to: Number(to),
      given: new Map(words.map((word) => word.split("=") as [string, string])),
      ends: Number(ends),
      bites: bites.split(",").flatMap((bite) => bite.trim() || []),
    };
  });
}

function observed({ name, from, given }: Scenario): { seen: Observation; outlook: Outlook } {
  const changes: {
    policy: Partial<Policy>;
    rest: Partial<Observation>;
    tally: Partial<Tally>;
    outlook: Partial<Outlook>;
  } = {
    policy: {},
    rest: {},
    tally: {},
    outlook: {},
  };
  const readers: Record<string, (value: string) => void> = {
    ...mapValues(
      POLICY_WORDS,
      (field) => (value: string) => Object.assign(changes.policy, { [field]: Number(value) }),
    ),
    ...mapValues(
      TALLY_WORDS,
      (field) => (value: string) => Object.assign(changes.tally, { [field]: Number(value) }),
    ),
    hold: (value) => Object.assign(changes.policy, { staleHoldSeconds: secondsOf(value) }),
    trust: (value) => Object.assign(changes.policy, { staleTrustSeconds: secondsOf(value) }),
    zeroAfter: (value) => Object.assign(changes.policy, { zeroAfterSeconds: secondsOf(value) }),
    growCooldown: (value) => Object.assign(changes.policy, { growCooldownSeconds: secondsOf(value) }),
    schedule: (value) => Object.assign(changes.policy, { schedule: value.replaceAll("_", " ") }),
    zone: (value) => Object.assign(changes.policy, { timeZone: value }),
    normal: (value) => Object.assign(changes.outlook, { normalWorkers: Number(value) }),
    confidence: (value) => Object.assign(changes.outlook, { confidence: Number(value) }),
    severity: (value) => Object.assign(changes.outlook, { severity: value }),
    need: (value) => Object.assign(changes.outlook, { needNow: Number(value) }),
    gap: (value) => {
      const [minutes, agoMinutes] = value.split("@").map((word) => Number.parseInt(word, 10));
      Object.assign(changes.rest, { samples: fresh(withGap(minutes!, agoMinutes!)) });
    },
    release: (value) =>
      Object.assign(changes.rest, inReleases(ofReleases(started(from), "made", value, NOW))),
    moved: (value) => Object.assign(changes.rest, inReleases(ofReleases(started(from), "moved", value, NOW))),
    pinned: (value) => Object.assign(changes.policy, { pinnedMachineId: value }),
    frozen: (value) =>
      Object.assign(changes.policy, { frozenUntil: NOW + Number.parseInt(value, 10) * MINUTE_MS }),
    updating: (value) =>
      Object.assign(changes.rest, {
        machines: fresh([...started(from - Number(value)), ...started(Number(value)).map(updating)]),
      }),
    green: (value) => Object.assign(changes.rest, deploying("blueGreen", from, Number(value))),
    rolling: (value) => Object.assign(changes.rest, deploying("rolling", from, Number(value))),
    full: (value) =>
      Object.assign(changes.rest, {
        machines: fresh([...started(from), ...stopped(Number(value))]),
        fly: { ...NOTHING, noRoom: [...noRoomFor(null), ...(changes.rest.fly?.noRoom ?? [])] },
      }),
    stuck: () =>
      Object.assign(changes.rest, {
        fly: { ...NOTHING, noRoom: [...(changes.rest.fly?.noRoom ?? []), ...noRoomFor("s0")] },
      }),
    machines: (value) => Object.assign(changes.rest, { machines: part(value, started(from)) }),
    samples: (value) => {
      const [status = "", age] = value.split("@");
      const ageMs = age === undefined ? undefined : secondsOf(age) * SECOND_MS;
      Object.assign(changes.rest, { samples: part(status, traffic(QUIET, 1), ageMs) });
    },
    override: (value) => Object.assign(changes.rest, { override: override(Number(value), NOW + HOUR_MS) }),
    overrideEnded: (value) => Object.assign(changes.rest, { override: override(Number(value), NOW) }),
    changed: (value) => Object.assign(changes.rest, { lastChangeAt: NOW - secondsOf(value) * SECOND_MS }),
    peak: (value) => {
      const [load, minutesAgo] = value.split("@").map((word) => Number.parseInt(word, 10));
      Object.assign(changes.rest, { samples: fresh(traffic(load!, minutesAgo!)) });
    },
  };
  for (const [key, value] of given) {
    const reader = readers[key];
    if (reader === undefined) throw new Error(`scenario "${name}" has an unknown word: ${key}`);
    reader(value);
  }
  const seen = observation({
    machines: fresh<readonly Machine[]>(started(from)),
    samples: fresh(traffic(QUIET, 1)),
    policy: policy(changes.policy),
    tally: { changesToday: null, spentMachineHours: null, spentUsd: null, ...changes.tally },
    ...changes.rest,
  });
  return { seen, outlook: { ...UNKNOWN_OUTLOOK, ...changes.outlook } };
}

function mapValues<A, B>(from: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}

/** Quiet traffic, with nothing measured for so long until so long ago. */
function withGap(minutes: number, agoMinutes: number): TrafficSeries {
  const values = new Array<number>(SAMPLED_MINUTES).fill(QUIET);
  return minutesBefore(NOW, values.fill(Number.NaN, -agoMinutes - minutes, -agoMinutes));
}

function part<T>(status: string, value: T, ageMs?: number): Part<T> {
  if (status === "missing") return { status, why: "no answer", ...(ageMs === undefined ? {} : { ageMs }) };
  if (status === "stale") return { status, value, ageMs: ageMs ?? HOUR_MS, why: "too old" };
  throw new Error(`a part is stale or missing, not ${status}`);
}

const NOTHING: FlyNow = { release: null, outdated: [], proxy: null, noRoom: [] };

function deploying(kind: "blueGreen" | "rolling", from: number, resting: number): Partial<Observation> {
  const machines = fresh([...started(from), ...stopped(resting)]);
  return { machines, fly: { ...NOTHING, release: { kind, why: "release v2 is under way" } } };
}

function inReleases(machines: readonly Machine[]): Partial<Observation> {
  return { machines: fresh(machines), ...flySeen(machines) };
}

function stopped(count: number): Machine[] {
  return started(count).map((machine, i) => ({ ...machine, id: `s${i}`, state: "stopped" }));
}

function noRoomFor(machineId: string | null): FlyNow["noRoom"] {
  return [{ machineId, since: NOW - MINUTE_MS, until: NOW + MINUTE_MS, why: "region" }];
}

function traffic(load: number, minutesAgo: number): TrafficSeries {
  const values = new Array<number>(SAMPLED_MINUTES).fill(QUIET);
  values[SAMPLED_MINUTES - minutesAgo] = load;
  return minutesBefore(NOW, values);
}

function override(workers: number, until: number): Override {
  return { machineId: "m0", seenAt: NOW - MINUTE_MS, until, workers, what: "m0 was moved by hand" };
}

function updating(machine: Machine): Machine {
  return { ...machine, id: `${machine.id}-new`, state: "updating" };
}

const scenarios = readScenarios();

describe("scenarios", () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", (_name, scenario) => {
    const { seen, outlook } = observed(scenario);
    const { to, bites } = applyConstraints({ from: scenario.from, to: scenario.to }, seen, outlook);
    expect(to).toBe(scenario.ends);
    if (scenario.bites[0] !== ANY_BITES) expect(bites.map(({ name }) => name)).toEqual(scenario.bites);
  });

  it("leave out no rule", () => {
    const tried = new Set(scenarios.flatMap(({ bites }) => bites.filter((name) => name !== ANY_BITES)));
    expect([...tried].sort()).toEqual(CONSTRAINTS.map(({ name }) => name).sort());
  });
});

it("tells of each bite from where to where, and why", () => {
  const seen = observation({
    machines: fresh(started(5)),
    lastChangeAt: NOW - 100 * SECOND_MS,
    policy: policy({ minWorkers: 2 }),
  });
  const { bites } = applyConstraints({ from: 5, to: 0 }, { ...seen, samples: fresh(traffic(350, 4)) });
  expect(bites).toEqual([
    { name: "bounds", from: 0, to: 2, why: "the pool's bounds are 2 to 10" },
    { name: "stabilisation", from: 2, to: 4, why: "350 requests a minute came within the last 10 minutes" },
    { name: "cooldown", from: 4, to: 5, why: "changed 100 s ago, shrinks again in 200 s" },
  ]);
});
