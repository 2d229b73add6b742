import { expect, test } from "vitest";
import { decideTick } from "../../src/core/decide-tick.ts";
import { latestPlanOf } from "../../src/core/latest.ts";
import { observation } from "./examples.ts";

test("the latest plan is the decision's own, and at most 4 KB", () => {
  const seen = observation();
  const tick = decideTick(seen);
  const latest = latestPlanOf(seen, tick);
  expect(latest.decision).toMatchObject({ kind: tick.decision.kind, to: tick.decision.to });
  expect(latest.plan.every(({ at }) => at < latest.coveredUntil + 3_600_000)).toBe(true);
  expect(JSON.stringify(latest).length).toBeLessThan(4_096);
});
