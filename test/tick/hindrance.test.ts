import { describe, expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { OutcomeStatus } from "../../src/ports.ts";
import { hindranceOf, type SettledAction } from "../../src/tick/hindrance.ts";

const cordon: Action = { kind: "cordon", machineId: "a", drainSeconds: 10 };
const stop: Action = { kind: "stop", machineId: "a" };
const uncordon: Action = { kind: "uncordon", machineId: "a" };
const settled = (action: Action, status: OutcomeStatus): SettledAction => ({ action, outcome: { status } });
const drained = new Set(["a"]);
const none = new Set<string>();

describe("a stop", () => {
  test("without a cordon in its tick needs nothing", () => {
    expect(hindranceOf(stop, [], none)).toBeNull();
    expect(hindranceOf(stop, [settled({ ...cordon, machineId: "b" }, "refused")], none)).toBeNull();
  });

  test.each<[OutcomeStatus, boolean, RegExp | null]>([
    ["done", true, null],
    ["done", false, /still draining/],
    ["alreadyDone", true, /somebody else/],
    ["refused", true, /could not be taken out of routing/],
    ["unknown", true, /could not be taken out of routing/],
    ["failed", true, /could not be taken out of routing/],
  ])("after a cordon that is %s, waited for: %s", (status, isDrained, why) => {
    for (const kind of ["stop", "suspend"] as const) {
      const told = hindranceOf(
        { kind, machineId: "a" },
        [settled(cordon, status)],
        isDrained ? drained : none,
      );
      if (why === null) expect(told).toBeNull();
      else expect(told).toMatch(why);
    }
  });
});

test.each<[OutcomeStatus, boolean]>([
  ["done", true],
  ["alreadyDone", true],
  ["refused", false],
  ["unknown", false],
])("a cordon is lifted after a stop only that was %s: %s", (status, isLifted) => {
  expect(hindranceOf(uncordon, [settled(cordon, "done"), settled(stop, status)], drained) === null).toBe(
    isLifted,
  );
  expect(hindranceOf(uncordon, [], none)).toBeNull();
});

test("what takes another's place waits for it to be gone", () => {
  const stuck: Action = { kind: "stop", machineId: "a", because: "stuck" };
  for (const action of [
    { kind: "start", machineId: "b", insteadOf: "a" },
    { kind: "create", machineName: "c", templateId: "b", insteadOf: "a" },
  ] as const) {
    expect(hindranceOf(action, [settled(stuck, "done")], none)).toBeNull();
    expect(hindranceOf(action, [settled(stuck, "unknown")], none)).toMatch(/machine a, whose place it takes/);
  }
  expect(hindranceOf({ kind: "start", machineId: "b" }, [settled(stuck, "unknown")], none)).toBeNull();
});
