import { expect, it } from "vitest";
import { activeCount, isActive, isResting, MACHINE_STATES, poolName } from "../../src/core/fleet.ts";
import { machine, POOL } from "./examples.ts";

it("counts machines that serve or are on their way to it, and no others", () => {
  const active = MACHINE_STATES.filter((state) => isActive(machine("m", { state })));
  expect(active).toEqual([
    "created",
    "creating",
    "starting",
    "started",
    "restarting",
    "updating",
    "replacing",
  ]);
  expect(MACHINE_STATES.filter((state) => isResting(machine("m", { state })))).toEqual([
    "stopped",
    "suspended",
  ]);
});

it("counts and touches neither a cordoned machine nor one in a state that it does not know", () => {
  const odd = [machine("a", { cordoned: true }), machine("b", { state: "unknown" })];
  const stopped = machine("c", { state: "stopped", cordoned: true });
  expect(activeCount([...odd, machine("d"), stopped])).toBe(1);
  expect([...odd, stopped].some(isResting)).toBe(false);
});

it("names a pool on one line", () => {
  expect(poolName(POOL)).toBe("shop/web@fra");
});
