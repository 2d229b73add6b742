import { describe, expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import type { Machine, MachineState } from "../../src/core/fleet.ts";
import { resolveIntent } from "../../src/tick/resolve-intents.ts";
import { machine, NOW, POOL } from "../core/examples.ts";

const intent = (action: Action, ageMs = 900_000) => ({ id: "1", pool: POOL, action, openedAt: NOW - ageMs });
const CREATE: Action = { kind: "create", machineName: "fa-web-fra-x-1-0", templateId: "m0" };

describe("a create", () => {
  test("is found by its name, whatever state it is in", () => {
    for (const state of ["created", "started", "failed"] as const) {
      const made = machine("m9", { name: CREATE.machineName, state });
      expect(resolveIntent(intent(CREATE), [machine("m0"), made], NOW)).toEqual({
        status: "done",
        machineId: "m9",
        evidence: `found by its name fa-web-fra-x-1-0, ${state}`,
      });
    }
  });

  test("not listed is not known for four minutes, and has failed from then on", () => {
    const resolve = (ageMs: number) => resolveIntent(intent(CREATE, ageMs), [machine("m0")], NOW);
    expect(resolve(0)).toMatchObject({
      status: "unknown",
      machineId: null,
      evidence: expect.stringMatching(/0 s later; the list may lag/),
    });
    expect(resolve(239_999).status).toBe("unknown");
    expect(resolve(240_000)).toMatchObject({
      status: "failed",
      machineId: null,
      evidence: expect.stringMatching(/240 s later$/),
    });
  });

  test("another machine of nearly the same name is not it", () => {
    const other = machine("m9", { name: "fa-web-fra-x-1-01" });
    expect(resolveIntent(intent(CREATE), [other], NOW).status).toBe("failed");
  });
});

describe("a start or stop", () => {
  const cases: [kind: "start" | "stop", state: MachineState, status: string][] = [
    ["start", "started", "done"],
    ["start", "starting", "done"],
    ["start", "replacing", "done"],
    ["start", "stopped", "failed"],
    ["start", "suspended", "failed"],
    ["start", "failed", "failed"],
    ["stop", "stopping", "done"],
    ["stop", "stopped", "done"],
    ["stop", "suspended", "done"],
    ["stop", "started", "failed"],
  ];
  test.each(cases)("%s, found %s: %s", (kind, state, status) => {
    const found = resolveIntent(
      intent({ kind, machineId: "m1" }),
      [machine("m0"), machine("m1", { state })],
      NOW,
    );
    expect(found).toEqual({ status, machineId: "m1", evidence: `found ${state} by a later tick` });
  });

  const rested: [string, MachineState, boolean, string][] = [
    ["nothing was done", "started", false, "failed failed failed"],
    ["it was cordoned", "started", true, "done failed failed"],
    ["it was stopped", "stopping", true, "done done failed"],
    ["it was stopped and put back", "stopped", false, "done done done"],
  ];
  test.each(rested)(
    "a cordon, stop and uncordon of one tick, of which %s",
    (_what, state, cordoned, statuses) => {
      const steps = [{ kind: "cordon", drainSeconds: 10 }, { kind: "stop" }, { kind: "uncordon" }] as const;
      const open = steps.map((step) => intent({ ...step, machineId: "m1" }));
      const found = open.map(
        (one) => resolveIntent(one, [machine("m1", { state, cordoned })], NOW, open).status,
      );
      expect(found.join(" ")).toBe(statuses);
    },
  );

  test("a suspend, a cordon and an uncordon by themselves go by what is seen", () => {
    const resolve = (action: Action, changes: Partial<Machine>) =>
      resolveIntent(intent(action), [machine("m1", changes)], NOW).status;
    const on = { machineId: "m1" };
    expect(resolve({ kind: "suspend", ...on }, { state: "suspended" })).toBe("done");
    expect(resolve({ kind: "suspend", ...on }, {})).toBe("failed");
    expect(resolve({ kind: "cordon", drainSeconds: 1, ...on }, { cordoned: true })).toBe("done");
    expect(resolve({ kind: "uncordon", ...on }, { cordoned: true })).toBe("failed");
    expect(resolve({ kind: "uncordon", ...on }, {})).toBe("done");
  });

  test("a destroy is done when its machine is gone, and not before", () => {
    const resolve = (machines: Machine[]) =>
      resolveIntent(intent({ kind: "destroy", machineId: "m1" }), machines, NOW);
    expect(resolve([machine("m0")])).toMatchObject({ status: "done", machineId: "m1" });
    expect(resolve([machine("m1", { state: "stopped" })])).toMatchObject({
      status: "failed",
      evidence: "found stopped by a later tick",
    });
  });

  test("of a machine that is gone: the stop has its way, the start has not", () => {
    const resolve = (kind: "start" | "stop") =>
      resolveIntent(intent({ kind, machineId: "m1" }), [machine("m0")], NOW);
    expect(resolve("stop")).toMatchObject({
      status: "done",
      machineId: "m1",
      evidence: expect.stringMatching(/no longer in Fly's list/),
    });
    expect(resolve("start")).toMatchObject({ status: "failed", machineId: "m1" });
  });
});
