/** Pools as the status function reads them, for tests. */
import type { PastDecision, PoolDetail } from "../../src/ports.ts";
import { NOW } from "../core/examples.ts";

const MINUTE_MS = 60_000;

export function pastDecision(slot: number, more: Partial<PastDecision> = {}): PastDecision {
  return {
    ...{ slot, attempt: 1, at: slot + 1_500, mode: "act", kind: "grow", from: 1, to: 3 },
    ...{ needNow: 2, needCovered: 3, worth: null, quantile: 0.95, confidence: 0.8, severity: "normal" },
    goal: "at most 0.1 % of minutes short",
    foreseen: [{ withinMs: 5 * MINUTE_MS, load: 412, machines: 1 }],
    ...{ constraints: ["bounds"], reason: "Grow from 1 to 3: 1400 now need 3." },
    actions: [{ kind: "start", machineId: "m1", status: "done" }],
    ...more,
  };
}

export function poolDetail(
  id: number,
  app: string,
  region: string,
  more: Partial<PoolDetail> = {},
): PoolDetail {
  return {
    ...{ id, pool: { app, region, processGroup: "app" }, mode: "act", capacity: 500 },
    machines: { started: 1, stopped: 2, other: 0, failing: 0 },
    bounds: { min: 1, max: 4 },
    load: { at: NOW - MINUTE_MS, requests: 1_400 },
    nextPeak: { at: NOW + 60 * MINUTE_MS, load: 1_500.5 },
    lastDecision: { kind: "grow", reason: "Grow from 1 to 3", at: NOW },
    ...{ overrideUntil: null, frozenUntil: NOW + 1_000 },
    ...{ phases: { serving: 1, stopped: 2 }, slowest: { phase: "draining", since: NOW - MINUTE_MS } },
    policy: { requestsPerWorker: 500, leadSeconds: 60, minWorkers: 1, maxWorkers: 4 },
    forecast: {
      ...{ madeAt: NOW, model: "experts", confidence: 0.8 },
      horizons: [
        { horizonMs: 15 * MINUTE_MS, at: NOW + 15 * MINUTE_MS, load: [100, 200, 900, 1_100, 1_600] },
        { horizonMs: 60 * MINUTE_MS, at: NOW + 60 * MINUTE_MS, load: [1, 2, 3, 9_000, 9_001] },
      ],
    },
    decisions: [pastDecision(NOW)],
    ...more,
  };
}
