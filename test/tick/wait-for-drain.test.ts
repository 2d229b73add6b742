import { expect, test } from "vitest";
import { createMemoryClock } from "../../src/adapters/memory/clock.ts";
import type { OutcomeStatus } from "../../src/ports.ts";
import type { SettledAction } from "../../src/tick/hindrance.ts";
import { waitForDrain } from "../../src/tick/wait-for-drain.ts";
import { NOW } from "../core/examples.ts";

const cordon = (machineId: string, drainSeconds: number, status: OutcomeStatus = "done"): SettledAction => {
  return { action: { kind: "cordon", machineId, drainSeconds }, outcome: { status } };
};

test.each<[string, readonly SettledAction[], number, readonly string[], number]>([
  ["nothing to wait for", [], 100, [], 0],
  ["the longest is waited for, once", [cordon("a", 5), cordon("b", 20)], 100, ["a", "b"], 20],
  ["one that was refused is not", [cordon("a", 5), cordon("b", 20, "refused")], 100, ["a"], 5],
  ["more than a quarter of what is left is left draining", [cordon("a", 5), cordon("b", 26)], 100, ["a"], 5],
  ["so is more near the deadline", [cordon("a", 5), cordon("b", 20)], 79, ["a"], 5],
  ["past the deadline nothing is waited for", [cordon("a", 5)], -3, [], 0],
])("%s", async (_what, settled, deadlineSeconds, drained, waited) => {
  const clock = createMemoryClock(NOW);
  const ids = await waitForDrain(settled, NOW + deadlineSeconds * 1_000, clock);
  expect([...ids]).toEqual(drained);
  expect(clock.now() - NOW).toBe(waited * 1_000);
});
