import { expect, it } from "vitest";
import { decideFrom } from "../../src/core/decide-tick.ts";
import type { NoRoom } from "../../src/core/no-room.ts";
import type { FlyNow, Observation } from "../../src/core/observation.ts";
import { HOUR_MS } from "../../src/core/time.ts";
import { fresh, NOW, observation, policy, started } from "./examples.ts";

const NOTHING: FlyNow = { release: null, outdated: [], proxy: null, noRoom: [] };
const full: NoRoom = { machineId: null, since: NOW, until: NOW + HOUR_MS, why: "region" };
const TOLD =
  "Fly had no room for new machines in fra at 2026-06-17T12:00:00Z; asked again from 2026-06-17T13:00:00Z on";

const reasonOf = (changes: Partial<Observation>) =>
  decideFrom({ forecast: null, peaks: [] }, observation(changes)).decision.reason;
const underMinimum = {
  machines: fresh(started(1)),
  policy: policy({ minWorkers: 3, requestsPerWorker: 500 }),
};

it("tells of a full region once: with the rule where that changed the number, else in a sentence of its own", () => {
  const fly = { ...NOTHING, noRoom: [full] };
  const wanting = reasonOf({ machines: fresh(started(1)), fly });
  expect(wanting).toMatch(/^Hold 1: .*; no room: 1 instead of 2 \(.*\)\.$/);
  expect(wanting.split(TOLD)).toHaveLength(2);
  expect(reasonOf({ ...underMinimum, fly })).toMatch(new RegExp(`^Hold 1: [^.]*\\. ${TOLD}\\.$`));
  const stuck = { ...fly, noRoom: [{ ...full, machineId: "m1" }] };
  expect(reasonOf({ ...underMinimum, fly: stuck })).not.toContain("no room");
});

it("ends with what Fly Proxy would undo", () => {
  const proxy = "Fly Proxy: it may stop machines";
  expect(reasonOf({ fly: { ...NOTHING, proxy } })).toMatch(/[^.]\. Fly Proxy: it may stop machines\.$/);
  expect(reasonOf({ ...underMinimum, fly: { ...NOTHING, proxy, noRoom: [full] } })).toMatch(
    new RegExp(`\\. ${TOLD}\\. ${proxy}\\.$`),
  );
  expect(reasonOf({})).toMatch(/[^.]\.$/);
});
