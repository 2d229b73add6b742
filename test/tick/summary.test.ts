import { expect, test } from "vitest";
import type { Action } from "../../src/core/actions.ts";
import { decideTick } from "../../src/core/decide-tick.ts";
import type { Intent } from "../../src/ports.ts";
import { poolSummary } from "../../src/tick/summary.ts";
import { fresh, minutesBefore, NOW, observation, POOL } from "../core/examples.ts";

test("each action with its own pool's outcome, in the order of the actions", () => {
  const seen = observation({ samples: fresh(minutesBefore(NOW, new Array<number>(30).fill(370))) });
  const tick = decideTick(seen);
  expect(tick.actions.length).toBeGreaterThanOrEqual(2);
  const intentsOf = (region: string): Intent[] =>
    tick.actions.map((action: Action, i) => ({
      id: `${region}${i}`,
      pool: { ...POOL, region },
      action,
      openedAt: NOW,
    }));
  const outcome = (evidence: string) => ({ status: "done", machineId: null, evidence }) as const;
  const outcomes = ["fra1", "syd0", "fra0", "syd1"].map((intentId) => ({
    intentId,
    outcome: outcome(intentId),
  }));
  const summary = poolSummary(seen, tick, [...intentsOf("syd"), ...intentsOf("fra")], outcomes);
  expect(summary).toMatchObject({
    pool: POOL,
    mode: "act",
    kind: "grow",
    from: 2,
    to: tick.decision.to,
    reason: tick.decision.reason,
  });
  expect(summary.actions.slice(0, 2).map(({ outcome }) => outcome?.evidence)).toEqual(["fra0", "fra1"]);
});

test("where nothing was done there is what would be done", () => {
  const seen = observation({
    mode: "advise",
    samples: fresh(minutesBefore(NOW, new Array<number>(30).fill(370))),
  });
  const { actions } = poolSummary(seen, decideTick(seen), [], []);
  expect(actions.length).toBeGreaterThanOrEqual(2);
  expect(actions.every(({ outcome }) => outcome === null)).toBe(true);
});
