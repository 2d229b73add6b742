import { expect, test } from "vitest";
import type { PoolMemory } from "../../src/ports.ts";
import { flyNow } from "../../src/tick/fly-now.ts";
import { machine, NOW, policy, started } from "../core/examples.ts";

const release = { kind: "rolling", why: "v2 is under way" } as const;
const room = (until: number) => ({ machineId: null, since: NOW, until, why: "region" }) as const;
const memory = (until: number) => ({ noRoom: [room(until)] }) as unknown as PoolMemory;

test("nothing to tell is nothing", () => {
  expect(flyNow(started(2), null, null, policy(), NOW)).toBeNull();
  expect(flyNow(null, null, memory(NOW), policy(), NOW), "what is over").toBeNull();
});

test("each part alone is worth telling", () => {
  const none = { release: null, outdated: [], proxy: null, noRoom: [] };
  expect(flyNow(null, release, null, policy(), NOW)).toEqual({ ...none, release });
  expect(flyNow(null, null, memory(NOW + 1), policy(), NOW)).toEqual({ ...none, noRoom: [room(NOW + 1)] });
  const old = machine("old", { release: { id: "r1", version: 1 } });
  const young = machine("new", { release: { id: "r2", version: 2 } });
  expect(flyNow([old, young], null, null, policy(), NOW)).toEqual({ ...none, outdated: ["old"] });
  const stopping = machine("p", { proxy: { autostop: "stop", autostart: true, minRunning: 2 } });
  expect(flyNow([stopping], null, null, policy({ minWorkers: 2 }), NOW)?.proxy).not.toMatch(/keeps/);
  expect(flyNow([stopping], null, null, policy({ minWorkers: 1 }), NOW)?.proxy).toMatch(/keeps 2/);
});
