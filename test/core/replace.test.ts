/** Stuck machines, and any fleet at all: bounds, pins, cordons and the day's count hold, and a record decides the same again. */
import { describe, expect, it } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import { decideTick } from "../../src/core/decide-tick.ts";
import { activeCount, isActive, isResting, type Machine } from "../../src/core/fleet.ts";
import type { Observation } from "../../src/core/observation.ts";
import { isDraining, isStuck, type Phase, type PhaseNow } from "../../src/core/phase.ts";
import { machinesToReplace } from "../../src/core/replace.ts";
import { redecide, tickRecord } from "../../src/core/tick-record.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { createRandom, type Random } from "../../src/sim/random.ts";
import { fresh, machine, minutesBefore, NOW, observation, policy, started } from "./examples.ts";

const phase = (name: Phase, more: Partial<PhaseNow> = {}): PhaseNow => ({
  name,
  since: NOW - 3_600_000,
  isOurs: false,
  ...more,
});
const stuck = (id: string, changes: Partial<Machine> = {}) =>
  machine(id, { health: "failing", phase: phase("warming", { isOver: true }), ...changes });
const down = (id: string) => machine(id, { state: "stopped", health: "unknown" });

const seen = (machines: readonly Machine[], changes: Partial<Observation> = {}) =>
  observation({
    machines: fresh(machines),
    policy: policy({ replacementsPerDay: 3, minWorkers: 1, maxWorkers: 4, ...changes.policy }),
    ...Object.fromEntries(Object.entries(changes).filter(([name]) => name !== "policy")),
  });
const replaced = (machines: readonly Machine[], changes: Partial<Observation> = {}) =>
  machinesToReplace(seen(machines, changes)).map(({ id }) => id);

describe("which machines are replaced", () => {
  it("stuck ones, that were made first first", () => {
    expect(
      replaced([...started(1), stuck("b", { createdAt: NOW - 2 }), stuck("a", { createdAt: NOW - 1 })]),
    ).toEqual(["b", "a"]);
    expect(
      replaced([
        ...started(1),
        stuck("a", { state: "starting", phase: phase("starting", { isOver: true }) }),
      ]),
    ).toEqual(["a"]);
  });

  it.each<[string, readonly Machine[], Partial<Observation>]>([
    ["that are not stuck yet", [...started(1), stuck("a", { phase: phase("warming") })], {}],
    [
      "that drain",
      [
        ...started(1),
        stuck("a", { cordoned: true, phase: phase("draining", { isOurs: true, isOver: true }) }),
      ],
      {},
    ],
    [
      "beyond the day's count",
      [...started(1), stuck("a")],
      { tally: { changesToday: null, spentMachineHours: null, spentUsd: null, replacedToday: 3 } },
    ],
    [
      "where the owner wants none",
      [...started(1), stuck("a")],
      { policy: { replacementsPerDay: 0 } as Observation["policy"] },
    ],
    [
      "that are pinned",
      [...started(1), stuck("a")],
      { policy: { pinnedMachineId: "a" } as Observation["policy"] },
    ],
    [
      "while the pool is frozen",
      [...started(1), stuck("a")],
      { policy: { frozenUntil: NOW + 1 } as Observation["policy"] },
    ],
    ["while machines are updated", [...started(1), machine("u", { state: "updating" }), stuck("a")], {}],
    [
      "where the list is old",
      [],
      { machines: { status: "stale", value: [...started(1), stuck("a")], ageMs: 1, why: "" } },
    ],
    [
      "where samples are missing",
      [...started(1), stuck("a")],
      { samples: { status: "missing", why: "away" } },
    ],
    ["where nothing can take their place", [stuck("a")], {}],
  ])("none %s", (_what, machines, changes) => {
    expect(replaced(machines, changes.machines ? changes : { ...changes })).toEqual([]);
  });

  it("no more than can be started or made", () => {
    const noRoom = [{ machineId: null, since: NOW, until: NOW + 1, why: "region" as const }];
    const two = [...started(1), stuck("a"), stuck("b"), down("d")];
    expect(replaced(two)).toEqual(["a", "b"]);
    // Without room for new machines the pool is locked.
    expect(replaced(two, { fly: { release: null, outdated: [], proxy: null, noRoom } })).toEqual([]);
  });
});

/** As a tick makes them (apply-actions.ts). */
const WAVES: readonly Action["kind"][] = [
  "uncordon",
  "start",
  "create",
  "cordon",
  "stop",
  "suspend",
  "destroy",
];

function anyFleet(random: Random): Machine[] {
  const pick = <T>(from: readonly T[]) => from[random.int(0, from.length - 1)]!;
  const proxy = { autostop: "off", autostart: true, minRunning: 0 } as const;
  return Array.from({ length: random.int(1, 9) }, (_, i) => {
    const base = {
      createdAt: NOW - 86_400_000 + i * MINUTE_MS,
      ...(random.next() < 0.8 ? { proxy } : {}),
      ...(random.next() < 0.5 ? { maySuspend: true } : {}),
    };
    const over = random.next() < 0.5 ? { isOver: true as const } : {};
    const kind = pick([
      "up",
      "up",
      "up",
      "ill",
      "stuck",
      "warming",
      "draining",
      "cordoned",
      "down",
      "left",
      "suspended",
      "starting",
    ]);
    const at = (name: Phase, more: Partial<PhaseNow> = {}) => ({ ...base, phase: phase(name, more) });
    switch (kind) {
      case "ill":
        return machine(`m${i}`, { ...at("serving"), health: "failing" });
      case "stuck":
        return machine(`m${i}`, { ...at("warming", { isOver: true }), health: "failing" });
      case "warming":
        return machine(`m${i}`, { ...at("warming"), health: "failing" });
      case "draining":
        return machine(`m${i}`, { ...at("draining", { isOurs: true, ...over }), cordoned: true });
      case "cordoned":
        return machine(`m${i}`, { ...at("cordoned"), cordoned: true });
      case "down":
        return machine(`m${i}`, { ...at("stopped"), state: "stopped", health: "unknown" });
      case "left":
        return machine(`m${i}`, {
          ...at("stopped", { isOurs: true }),
          state: "stopped",
          cordoned: true,
          health: "unknown",
        });
      case "suspended":
        return machine(`m${i}`, { ...at("suspended"), state: "suspended", health: "unknown" });
      case "starting":
        return machine(`m${i}`, { ...at("starting", over), state: "starting", health: "unknown" });
      default:
        return machine(`m${i}`, at("serving"));
    }
  });
}

it("of any fleet: what runs stays within bounds, each step finds its machine where it must be, and a record repeats it", () => {
  const random = createRandom("fleets");
  let moved = 0;
  for (let i = 0; i < 700; i++) {
    const machines = anyFleet(random);
    const active = activeCount(machines);
    const running = active + machines.filter(isDraining).length;
    const maxWorkers = Math.max(running, random.int(1, 9));
    const minWorkers = random.int(0, Math.min(active, maxWorkers));
    const pinnedMachineId = random.next() < 0.3 ? machines[random.int(0, machines.length - 1)]!.id : null;
    const load = random.int(0, 900);
    const one = observation({
      machines: fresh(machines),
      samples: fresh(minutesBefore(NOW, new Array<number>(30).fill(load))),
      tally: { changesToday: null, spentMachineHours: null, spentUsd: null, replacedToday: random.int(0, 3) },
      policy: policy({
        ...{
          minWorkers,
          maxWorkers,
          pinnedMachineId,
          stabilisationSeconds: 0,
          replacementsPerDay: random.int(0, 3),
        },
        ...{ drainSeconds: random.int(0, 1) * 10, restBy: random.next() < 0.5 ? "stop" : "suspend" },
      }),
    });
    const decided = decideTick(one);
    const { decision, actions } = decided;
    const where = JSON.stringify({ machines, decision, actions });
    const record = JSON.parse(JSON.stringify(tickRecord(one, decided)));
    if (record.kind === "full") expect(redecide(one.pool, record), where).toEqual({ decision, actions });

    const byId = new Map(machines.map((m) => [m.id, m]));
    const now = new Set(machines.filter((m) => isActive(m) || isDraining(m)).map(({ id }) => id));
    const routed = new Set(machines.filter(isActive).map(({ id }) => id));
    let made = 0;
    moved += actions.length;
    const resting = new Set(
      actions.flatMap((a) => (a.kind === "stop" || a.kind === "suspend" ? [a.machineId] : [])),
    );
    const cleared = new Set(actions.map((a) => ("insteadOf" in a ? a.insteadOf : undefined)));
    const waveOf = (a: Action) => {
      if (a.kind === "stop" && cleared.has(a.machineId)) return 0;
      if (a.kind === "uncordon" && resting.has(a.machineId)) return 9;
      return WAVES.indexOf(a.kind) + 1;
    };
    const inOrder = actions.toSorted((a, b) => waveOf(a) - waveOf(b));
    for (const a of inOrder) {
      if (a.kind === "create") made += 1;
      else {
        const on = byId.get(a.machineId)!;
        if (a.kind === "start") {
          expect(isResting(on), where).toBe(true);
          now.add(a.machineId);
          routed.add(a.machineId);
        }
        if (a.kind === "stop" || a.kind === "suspend") {
          expect(isActive(on) || isDraining(on), where).toBe(true);
          expect(a.machineId, where).not.toBe(pinnedMachineId);
          if (a.kind === "stop" && a.because) expect(isStuck(on), where).toBe(true);
          now.delete(a.machineId);
          routed.delete(a.machineId);
        }
        if (a.kind === "cordon") expect(isActive(on) && !on.cordoned, where).toBe(true);
        if (a.kind === "uncordon") {
          expect(on.phase?.isOurs === true || resting.has(a.machineId), where).toBe(true);
          if (!resting.has(a.machineId) && on.state === "started") routed.add(a.machineId);
        }
      }
      expect(now.size + made, where).toBeLessThanOrEqual(maxWorkers);
    }
    expect(routed.size + made, where).toBeGreaterThanOrEqual(Math.min(minWorkers, decision.to));
    expect(
      new Set(actions.map((a) => `${a.kind} ${"machineId" in a ? a.machineId : a.machineName}`)).size,
      where,
    ).toBe(actions.length);
  }
  expect(moved).toBeGreaterThan(700);
});
