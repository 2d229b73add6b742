import { expect, it } from "vitest";
import { describeHistory } from "../../contracts/history.ts";
import { poolTick } from "../../contracts/pool-ticks.ts";
import { POOL } from "../../core/examples.ts";
import { memoryHarness } from "./harness.ts";

describeHistory("memory", async () => memoryHarness());

it("keeps a copy: what is changed after it was handed in does not change the books", async () => {
  const { history, leases } = memoryHarness();
  const answer = await leases.acquire(POOL.app, 0, 60_000);
  if (answer.status !== "held") throw new Error(`expected a held lease, got ${answer.status}`);
  const confidences = { v: 1 as const, kind: "short" as const, confidence: 0.5 };
  const pools = [poolTick(POOL, { record: confidences })];
  await history.openTick({
    lease: answer.lease,
    now: 0,
    mode: "act",
    cadenceMs: 900_000,
    pools,
    resolved: [],
    retired: [],
  });
  confidences.confidence = 0.9;
  expect(history.rows()[0]?.record).toEqual({ v: 1, kind: "short", confidence: 0.5 });
});
