import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fleetAt, fleetNow } from "../../../src/core/capacity/fleet-now.ts";
import { activeCount, MACHINE_STATES, type Machine } from "../../../src/core/fleet.ts";
import { HOUR_MS, SECOND_MS } from "../../../src/core/time.ts";
import { machine, NOW } from "../examples.ts";

const LEAD_MS = 60 * SECOND_MS;
const asked = (secondsAgo: number): Partial<Machine> => {
  return { lastAsked: { verb: "start", by: "user", at: NOW - secondsAgo * SECOND_MS } };
};
const now = (...machines: Machine[]) => fleetNow(machines, LEAD_MS, NOW);

describe("what serves", () => {
  it("is what is started, not cordoned, and was asked to start a lead time ago", () => {
    const long = machine("a", { health: "unknown" });
    const just = machine("b", { health: "unknown", ...asked(60) });
    const cordoned = machine("c", { cordoned: true });
    expect(now(long, just, cordoned, machine("d", { state: "stopped" }))).toEqual({
      serving: 2,
      bootingUntil: [],
    });
  });

  it("is what passes its checks, however young; a young one without them has its lead time to go", () => {
    expect(now(machine("a", asked(5)))).toEqual({ serving: 1, bootingUntil: [] });
    for (const health of ["unknown", "failing"] as const)
      expect(now(machine("a", { health, ...asked(5) }))).toEqual({
        serving: 0,
        bootingUntil: [NOW + 55 * SECOND_MS],
      });
  });
});

describe("what warms up", () => {
  it("is booting until its checks pass, however late; what fails them by and by still serves", () => {
    const phase = { name: "warming", since: NOW - 500 * SECOND_MS, isOurs: false } as const;
    const warming = machine("a", { health: "failing", phase, ...asked(600) });
    expect(now(warming)).toEqual({ serving: 0, bootingUntil: [NOW + 600 * SECOND_MS] });
    expect(now({ ...warming, health: "passing" }).serving).toBe(1);
    expect(now({ ...warming, phase: { ...phase, name: "serving" } }).serving).toBe(1);
  });
});

describe("what boots", () => {
  it("serves a lead time after it was asked to, soonest first", () => {
    const machines = [
      machine("a", { state: "starting", ...asked(10) }),
      machine("b", { state: "creating", createdAt: NOW - 40 * SECOND_MS }),
      machine("c", { state: "replacing", ...asked(20) }),
    ];
    expect(now(...machines).bootingUntil.map((at) => (at - NOW) / SECOND_MS)).toEqual([20, 40, 50]);
  });

  it("is late after its lead time: as long again as it has taken, so that no window counts on a stuck one", () => {
    const late = (seconds: number) => {
      const { booting } = fleetAt(
        [machine("a", { state: "starting", ...asked(seconds) })],
        () => LEAD_MS,
        NOW,
      );
      return [booting[0]?.isLate, (booting[0]!.servesAt - NOW) / SECOND_MS];
    };
    expect([59, 60, 90, 7_200].map(late)).toEqual([
      [false, 1],
      [true, 60],
      [true, 90],
      [true, 7_200],
    ]);
  });

  it("was asked just now where nobody tells when, and never after now", () => {
    const stop = { lastAsked: { verb: "stop", by: "user", at: NOW - HOUR_MS } } as const;
    expect(now(machine("a", { state: "starting", ...stop })).bootingUntil).toEqual([NOW + LEAD_MS]);
    expect(now(machine("a", { state: "starting", ...asked(-300) })).bootingUntil).toEqual([NOW + LEAD_MS]);
  });

  it("has a lead time of its own where one is given", () => {
    const machines = [
      machine("a", { state: "starting", ...asked(1) }),
      machine("b", { state: "creating", createdAt: NOW - SECOND_MS }),
    ];
    const { booting } = fleetAt(machines, ({ state }) => (state === "creating" ? 30_000 : 2_000), NOW);
    expect(booting).toEqual([
      { machineId: "a", servesAt: NOW + 1_000, isLate: false },
      { machineId: "b", servesAt: NOW + 29_000, isLate: false },
    ]);
  });
});

it("counts each active machine exactly once, in any order, and promises nothing for the past", () => {
  const anyMachine = fc.record({
    id: fc.uuid(),
    state: fc.constantFrom(...MACHINE_STATES, "unknown" as const),
    health: fc.constantFrom("passing" as const, "failing" as const, "unknown" as const),
    cordoned: fc.boolean(),
    createdAt: fc.integer({ min: NOW - HOUR_MS, max: NOW + 60_000 }),
    lastAsked: fc.option(
      fc.record({
        verb: fc.constantFrom("start" as const, "stop" as const),
        by: fc.constant("user"),
        at: fc.integer({ min: NOW - HOUR_MS, max: NOW + 60_000 }),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.array(anyMachine), fc.constantFrom(0, LEAD_MS), (parts, leadMs) => {
      const machines = parts.map(({ id, ...rest }) => machine(id, rest));
      const fleet = fleetNow(machines, leadMs, NOW);
      expect(fleet.serving + fleet.bootingUntil.length).toBe(activeCount(machines));
      expect(fleet.bootingUntil.every((at) => at > NOW)).toBe(true);
      expect(fleetNow(machines.toReversed(), leadMs, NOW)).toEqual(fleet);
    }),
  );
});
