import { describe, expect, it } from "vitest";
import {
  type Action,
  isOurName,
  machineName,
  planActions,
  type Reservations,
} from "../../src/core/actions.ts";
import type { Decision } from "../../src/core/decide.ts";
import type { Machine, PoolKey } from "../../src/core/fleet.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { createRandom } from "../../src/sim/random.ts";
import { machine, NOW, POOL, started } from "./examples.ts";

const TICK = { slot: NOW, attempt: 1 };
const LONGEST_NAME = 63;

function decision(from: number, to: number): Decision {
  return {
    kind: to > from ? "grow" : to < from ? "shrink" : "hold",
    from,
    to,
    needNow: null,
    needCovered: null,
    worth: null,
    goal: "by hand",
    quantile: 0.9,
    severity: "normal",
    foreseen: [],
    extraMachineHours: 0,
    constraints: [],
    reason: "",
  };
}

const aged = (id: string, ageMinutes: number, changes: Partial<Machine> = {}) =>
  machine(id, { createdAt: NOW - ageMinutes * MINUTE_MS, ...changes });

const inWords = (actions: readonly Action[]) =>
  actions.map(
    (action) => `${action.kind} ${action.kind === "create" ? action.machineName : action.machineId}`,
  );

function plan(from: number, to: number, machines: readonly Machine[], pinned: string | null = null) {
  return planActions(decision(from, to), POOL, machines, pinned, TICK);
}

describe("growing beside what is known of Fly", () => {
  const rest = (id: string, ageMinutes: number) => aged(id, ageMinutes, { state: "stopped" });
  const noRoom = (machineId: string | null) => ({
    machineId,
    since: NOW,
    until: NOW + 1,
    why: "host" as const,
  });
  const planWith = (to: number, machines: readonly Machine[], known: Reservations) =>
    planActions(decision(1, to), POOL, machines, null, TICK, known);

  it("leaves out a machine whose host is full, and creates one in its place", () => {
    const known = { noRoom: [noRoom("full")], outdated: [] };
    expect(inWords(planWith(3, [aged("on", 99), rest("full", 80), rest("ok", 70)], known))).toEqual([
      "start ok",
      `create ${machineName(POOL, TICK, 0)}`,
    ]);
  });

  it("creates nothing where there is no room for new ones, and starts what there is", () => {
    const known = { noRoom: [noRoom(null)], outdated: [] };
    expect(inWords(planWith(4, [aged("on", 99), rest("ok", 70)], known))).toEqual(["start ok"]);
  });

  it("starts machines of an older release last, and clones one only where there is no other", () => {
    const machines = [aged("old", 99), aged("new", 10), rest("old-rest", 90), rest("new-rest", 20)];
    const known = { noRoom: [], outdated: ["old", "old-rest"] };
    const actions = planWith(4, machines, known);
    expect(inWords(actions).slice(0, 2)).toEqual(["start new-rest", "start old-rest"]);
    expect(actions.at(-1)).toMatchObject({ kind: "create", templateId: "new" });
    const allOld = planWith(2, [aged("old", 99)], { noRoom: [], outdated: ["old"] });
    expect(allOld).toMatchObject([{ kind: "create", templateId: "old" }]);
  });
});

describe("names of machines that flyahead made", () => {
  it("are known as ours, and others are not", () => {
    expect(isOurName(machineName(POOL, TICK, 0))).toBe(true);
    expect(isOurName(machineName({ ...POOL, processGroup: "Ünı cornes_2" }, TICK, 12))).toBe(true);
    for (const name of ["", "fa-web", "falling-snow-1234", "fa-web-fra-mc8w2o-1-x"])
      expect(isOurName(name)).toBe(false);
  });
});

describe("growing", () => {
  const stopped = (id: string, ageMinutes: number, changes: Partial<Machine> = {}) =>
    aged(id, ageMinutes, { state: "stopped", ...changes });

  it("starts stopped machines first, healthy before failing, oldest first, then creates the rest", () => {
    const machines = [
      aged("on", 99),
      stopped("young", 10),
      stopped("sick", 90, { health: "failing" }),
      stopped("old", 50),
      aged("asleep", 40, { state: "suspended" }),
    ];
    expect(inWords(plan(1, 7, machines))).toEqual([
      "start old",
      "start asleep",
      "start young",
      "start sick",
      `create ${machineName(POOL, TICK, 0)}`,
      `create ${machineName(POOL, TICK, 1)}`,
    ]);
    expect(inWords(plan(1, 3, machines))).toEqual(["start old", "start asleep"]);
  });

  it("replaces the first failed machines, also where no other is left to clone", () => {
    const broken = (count: number) =>
      Array.from({ length: count }, (_, i) => aged(`broken${i}`, 9 - i, { state: "failed" }));
    const created = `create ${machineName(POOL, TICK, 0)}`;
    expect(inWords(plan(0, 2, [...broken(2), stopped("fine", 10)]))).toEqual(["start fine", created]);
    expect(inWords(plan(0, 1, broken(1)))).toEqual([created]);
  });

  it("tries them again where there are many: then it is the image", () => {
    const broken = Array.from({ length: 3 }, (_, i) => aged(`broken${i}`, 9 - i, { state: "failed" }));
    expect(inWords(plan(0, 2, broken))).toEqual(["start broken0", "start broken1"]);
    expect(inWords(plan(0, 5, [...broken, stopped("fine", 10)]))).toEqual([
      "start fine",
      "start broken0",
      "start broken1",
      "start broken2",
    ]);
  });

  it("clones a machine that runs, or a stopped one where none does, and none where there is no machine", () => {
    const templates = (machines: Machine[], to: number) =>
      plan(0, to, machines).flatMap((action) => (action.kind === "create" ? [action.templateId] : []));
    expect(templates([stopped("off", 50), aged("on", 5)], 2)).toEqual(["on"]);
    expect(templates([stopped("off", 50)], 2)).toEqual(["off"]);
    expect(templates([], 2)).toEqual([]);
  });

  it("touches neither cordoned machines nor those in between states", () => {
    const machines = [
      aged("on", 9),
      stopped("cordoned", 50, { cordoned: true }),
      aged("stopping", 50, { state: "stopping" }),
      aged("odd", 50, { state: "unknown" }),
    ];
    expect(inWords(plan(1, 2, machines))).toEqual([`create ${machineName(POOL, TICK, 0)}`]);
  });
});

describe("shrinking", () => {
  it("stops failing machines first, then the newest", () => {
    const machines = [
      aged("oldest", 90),
      aged("newest", 1),
      aged("sick", 80, { health: "failing" }),
      aged("middle", 40),
    ];
    expect(inWords(plan(4, 1, machines))).toEqual(["stop sick", "stop newest", "stop middle"]);
    expect(inWords(plan(4, 3, machines))).toEqual(["stop sick"]);
  });

  it("stops what is of an old release before the newest, and what does not serve yet before what does", () => {
    const machines = [
      aged("old", 90),
      aged("new", 40),
      aged("waking", 80, { state: "starting", health: "unknown" }),
      aged("newest", 1),
      aged("sick", 95, { health: "failing" }),
    ];
    const known = { noRoom: [], outdated: ["old"] };
    const actions = planActions(decision(5, 1), POOL, machines, null, TICK, known);
    expect(inWords(actions)).toEqual(["stop sick", "stop old", "stop waking", "stop newest"]);
  });

  it("never stops the pinned machine", () => {
    const machines = [aged("a", 90), aged("pinned", 1, { health: "failing" }), aged("b", 50)];
    expect(inWords(plan(3, 2, machines, "pinned"))).toEqual(["stop b"]);
    expect(inWords(plan(3, 0, machines, "pinned"))).not.toContain("stop pinned");
  });

  it("comes down to the pinned machine alone where that one passes its checks", () => {
    const machines = [aged("a", 90), aged("pinned", 1), aged("b", 50)];
    expect(inWords(plan(3, 1, machines, "pinned"))).toEqual(["stop b", "stop a"]);
  });

  it("keeps the last that passes its checks, however new, unless all are to go", () => {
    const machines = [
      aged("a", 90, { health: "unknown" }),
      aged("well", 1),
      aged("b", 50, { health: "failing" }),
    ];
    expect(inWords(plan(3, 1, machines))).toEqual(["stop b", "stop a"]);
    expect(inWords(plan(3, 0, machines))).toHaveLength(3);
  });

  it("stops only machines that count as active", () => {
    const machines = [...started(2), aged("off", 1, { state: "stopped" }), aged("c", 1, { cordoned: true })];
    expect(inWords(plan(2, 1, machines))).toEqual(["stop m1"]);
  });
});

it("does nothing to hold", () => {
  expect(plan(2, 2, started(2))).toEqual([]);
});

describe("names", () => {
  const named = (pool: PoolKey, slot = NOW, attempt = 1, ordinal = 0) =>
    machineName(pool, { slot, attempt }, ordinal);

  it("are the same for the same tick, and differ by pool, slot, attempt and ordinal", () => {
    expect(named(POOL)).toBe(named({ ...POOL }));
    const names = [
      named(POOL),
      named({ ...POOL, region: "iad" }),
      named({ ...POOL, processGroup: "worker" }),
      named(POOL, NOW + MINUTE_MS),
      named(POOL, NOW, 2),
      named(POOL, NOW, 1, 1),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it("differ for groups that look alike once odd letters are gone", () => {
    const names = ["my-web", "my_web", "My-Web"].map((processGroup) => named({ ...POOL, processGroup }));
    expect(new Set(names).size).toBe(names.length);
  });

  it("are made of what Fly takes and at most 63 long, also for long and odd groups", () => {
    const year2100 = Date.UTC(2100, 0, 1);
    for (const processGroup of ["web", "Über_Gruppe 7", "a".repeat(63), "_".repeat(80)]) {
      const name = named({ ...POOL, processGroup }, year2100, 99, 199);
      expect(name).toMatch(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/);
      expect(name.length, processGroup).toBeLessThanOrEqual(LONGEST_NAME);
    }
  });
});

describe("the order of the machines", () => {
  it("changes nothing", () => {
    const random = createRandom("order");
    for (let round = 0; round < 200; round++) {
      const machines = Array.from({ length: random.int(1, 8) }, (_, i) =>
        aged(`m${i}`, random.int(1, 3), {
          state: random.pick(["started", "stopped", "starting", "suspended"] as const),
          health: random.pick(["passing", "failing", "unknown"] as const),
          cordoned: random.next() < 0.1,
        }),
      );
      const shuffled = machines
        .map((one) => ({ one, key: random.next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const [from, to] = [random.int(0, 5), random.int(0, 9)];
      expect(plan(from, to, shuffled, "m0")).toEqual(plan(from, to, machines, "m0"));
    }
  });
});
