import { describe, expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import { applyActions } from "../../src/tick/apply-actions.ts";
import { machine, NOW, POOL } from "../core/examples.ts";
import { memoryScene, type Scene } from "../support/memory-ports.ts";

const start = (minRunning?: number): Action => {
  return { kind: "start", machineId: "down", ...(minRunning === undefined ? {} : { minRunning }) };
};

function scene(): Scene {
  const proxy = { autostop: "stop", autostart: true, minRunning: 0 } as const;
  return memoryScene({ shop: [machine("down", { state: "stopped", proxy })] });
}

async function apply(at: Scene, action: Action, secondsLeft = 100, isOurs = true) {
  const answer = await at.ports.leases.acquire("shop", NOW, 150_000);
  if (answer.status !== "held") throw new Error(answer.status);
  const lease = isOurs ? answer.lease : { ...answer.lease, fence: answer.lease.fence - 1 };
  const intents = [{ id: "1", pool: POOL, action, openedAt: NOW }];
  const [first] = await applyActions(intents, lease, NOW + secondsLeft * 1_000, at.ports);
  const { state, proxy } = await at.ports.machineApi.get("shop", "down");
  return { ...first!.outcome, state, minRunning: proxy?.minRunning };
}

describe("before a start", () => {
  test("the number is set, and the outcome says so", async () => {
    const at = scene();
    expect(await apply(at, start(2))).toMatchObject({
      status: "done",
      evidence: "Fly took the start; min_machines_running set to 2 before",
      state: "started",
      minRunning: 2,
    });
    expect(at.calls).toEqual(["keepMinRunning down", "start down", "get down"]);
  });

  test("nothing is asked where the policy does not want it", async () => {
    const at = scene();
    expect(await apply(at, start())).toMatchObject({ evidence: "Fly took the start", minRunning: 0 });
    expect(at.calls).toEqual(["start down", "get down"]);
  });

  test.each(["ambiguous", "leaseHeld", "versionMoved", "heldBack", "invalid"] as const)(
    "a setting that ended %s does not keep the machine from being started",
    async (kind) => {
      const at = scene();
      at.fail("keepMinRunning", [kind]);
      expect(await apply(at, start(2))).toMatchObject({
        status: "done",
        evidence: `Fly took the start; min_machines_running may be as it was: Fly said ${kind}`,
        state: "started",
      });
    },
  );

  test("it is tried once, however often the start is", async () => {
    const at = scene();
    at.fail("start", ["transient"]);
    expect(await apply(at, start(2))).toMatchObject({
      status: "done",
      evidence: expect.stringMatching(/set to 2 before$/),
    });
    expect(at.calls.filter((call) => call.startsWith("keep"))).toHaveLength(1);
  });

  test("with little time left, or the lease lost, the start goes out alone", async () => {
    for (const at of [{ seconds: 29 }, { isOurs: false }] as { seconds?: number; isOurs?: boolean }[]) {
      const one = scene();
      const outcome = await apply(one, start(2), at.seconds ?? 100, at.isOurs ?? true);
      expect(outcome).toMatchObject({ status: "done", minRunning: 0, evidence: "Fly took the start" });
    }
  });
});
