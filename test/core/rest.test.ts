import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/core/fleet.ts";
import type { PhaseNow } from "../../src/core/phase.ts";
import { finishResting, type RestTerms, restActions, STOP_AT_ONCE } from "../../src/core/rest.ts";
import { machine, NOW } from "./examples.ts";

const routed = { proxy: { autostop: "off", autostart: true, minRunning: 0 } } as const;
const terms = (changes: Partial<RestTerms> = {}): RestTerms => ({
  ...STOP_AT_ONCE,
  drainSeconds: 10,
  ...changes,
});
const kinds = (of: Machine, with_: RestTerms) => restActions(of, with_).map(({ kind }) => kind);
const draining = (id: string, changes: Partial<Machine> = {}, over = true): Machine => {
  const phase: PhaseNow = {
    name: "draining",
    since: NOW - 60_000,
    isOurs: true,
    ...(over && { isOver: true }),
  };
  return machine(id, { ...routed, cordoned: true, phase, ...changes });
};

describe("a machine comes to rest", () => {
  it("by a cordon, a wait, a stop, and the cordon lifted again", () => {
    expect(restActions(machine("a", routed), terms())).toEqual([
      { kind: "cordon", machineId: "a", drainSeconds: 10 },
      { kind: "stop", machineId: "a" },
      { kind: "uncordon", machineId: "a" },
    ]);
  });

  it("with hardly a wait where nothing is in flight", () => {
    expect(restActions(machine("a", routed), terms({ isIdle: true }))[0]).toMatchObject({ drainSeconds: 2 });
    expect(restActions(machine("a", routed), terms({ isIdle: true, drainSeconds: 1 }))[0]).toMatchObject({
      drainSeconds: 1,
    });
  });

  it.each<[string, Machine, RestTerms]>([
    ["where the owner wants no wait", machine("a", routed), terms({ drainSeconds: 0 })],
    ["where it has no service", machine("a"), terms()],
    ["where it does not run yet", machine("a", { ...routed, state: "starting" }), terms()],
    ["where it fails its checks", machine("a", { ...routed, health: "failing" }), terms()],
    [
      "where it warms up",
      machine("a", { ...routed, health: "unknown", phase: { name: "warming", since: NOW, isOurs: false } }),
      terms(),
    ],
  ])("at once %s", (_where, of, with_) => {
    expect(kinds(of, with_)).toEqual(["stop"]);
  });

  it("suspended where the owner wants it and Fly can, else stopped", () => {
    const suspending = terms({ restBy: "suspend" });
    expect(kinds(machine("a", { ...routed, maySuspend: true }), suspending)).toEqual([
      "cordon",
      "suspend",
      "uncordon",
    ]);
    expect(kinds(machine("a", routed), suspending)).toEqual(["cordon", "stop", "uncordon"]);
    expect(kinds(machine("a", { maySuspend: true }), terms())).toEqual(["stop"]);
  });
});

describe("what earlier ticks began", () => {
  const finish = (
    machines: readonly Machine[],
    pinned: string | null = null,
    taken: readonly string[] = [],
  ) =>
    finishResting(machines, pinned, new Set(taken), terms()).map(
      (action) => `${action.kind} ${"machineId" in action && action.machineId}`,
    );

  it("ends once it is drained", () => {
    expect(finish([draining("b"), draining("a")])).toEqual(["stop a", "uncordon a", "stop b", "uncordon b"]);
    expect(finish([draining("a", {}, false)])).toEqual([]);
  });

  it("is undone for the pinned machine, and where a cordon was left on one that rests", () => {
    expect(finish([draining("a", {}, false)], "a")).toEqual(["uncordon a"]);
    for (const state of ["stopped", "suspended"] as const)
      expect(finish([draining("a", { state, phase: { name: state, since: NOW, isOurs: true } })])).toEqual([
        "uncordon a",
      ]);
  });

  it("is left where this tick has a use for it, or somebody else has a hand in it", () => {
    expect(finish([draining("a")], null, ["a"])).toEqual([]);
    expect(finish([draining("a", { phase: { name: "cordoned", since: 0, isOurs: false } })])).toEqual([]);
    expect(finish([draining("a", { cordoned: false })])).toEqual([]);
    expect(
      finish([draining("a", { state: "starting", phase: { name: "starting", since: 0, isOurs: true } })]),
    ).toEqual([]);
  });
});
