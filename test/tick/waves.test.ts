import { expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { Intent } from "../../src/ports.ts";
import { wavesOf } from "../../src/tick/waves.ts";
import { NOW, POOL } from "../core/examples.ts";

const ACTIONS: readonly Action[] = [
  { kind: "destroy", machineId: "old" },
  { kind: "uncordon", machineId: "a" },
  { kind: "stop", machineId: "a" },
  { kind: "cordon", machineId: "a", drainSeconds: 10 },
  { kind: "suspend", machineId: "b" },
  { kind: "create", machineName: "new", templateId: "a" },
  { kind: "uncordon", machineId: "back" },
  { kind: "start", machineId: "c", insteadOf: "stuck" },
  { kind: "stop", machineId: "stuck", because: "stuck" },
  { kind: "stop", machineId: "stuck too", because: "stuck" },
];
const intents = ACTIONS.map((action, i) => ({ id: `${i}`, pool: POOL, action, openedAt: NOW }));

test("room is made first, growth comes before shrinking, and nothing is left out", () => {
  const waves = wavesOf(intents);
  const told = waves.map((wave) =>
    [...wave.moves, ...wave.creates].map(
      ({ action }) => `${action.kind} ${"machineId" in action ? action.machineId : action.machineName}`,
    ),
  );
  expect(told).toEqual([
    ["stop stuck"],
    ["uncordon back", "start c", "create new"],
    ["cordon a"],
    ["stop a", "suspend b", "stop stuck too"],
    ["uncordon a"],
    ["destroy old"],
  ]);
  expect(waves.findIndex(({ isAfterDrain }) => isAfterDrain)).toBe(3);
  const kinds = (some: readonly Intent[]) => some.map(({ action }) => action.kind);
  expect(waves.flatMap(({ creates }) => kinds(creates))).toEqual(["create"]);
  expect(waves.flatMap(({ isOneByOne, moves }) => (isOneByOne ? kinds(moves) : []))).toEqual(["destroy"]);
});
