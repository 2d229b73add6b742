/** What a steady tick of many pools writes: each holds, with a short record, five predictions and a hot state of usual size. */
import type { Decision } from "../../src/core/decide.ts";
import type { PoolKey } from "../../src/core/fleet.ts";
import type { HotState } from "../../src/core/forecast/codec.ts";
import type { Policy } from "../../src/core/policy.ts";
import { DEFAULT_RULES } from "../../src/core/rules.ts";
import type { TickRecord } from "../../src/core/tick-record.ts";
import { HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { Lease, OpenTick } from "../../src/ports.ts";

const POLICY: Policy = {
  ...DEFAULT_RULES,
  minWorkers: 1,
  maxWorkers: 20,
  requestsPerWorker: 500,
  shortShare: 0.001,
  unservedPrice: null,
  leadSeconds: 60,
  cooldownSeconds: 600,
  stabilisationSeconds: 900,
  staleSeconds: 900,
  overrideSeconds: 3_600,
  timeZone: "UTC",
  pinnedMachineId: null,
  frozenUntil: null,
};
const HOLD = {
  kind: "hold",
  from: 4,
  to: 4,
  needNow: 3,
  needCovered: 4,
  worth: 4,
  goal: "at most 0.1 % of minutes short",
  quantile: 0.95,
  severity: "normal",
  foreseen: [300_000, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS].map((withinMs) => ({
    withinMs,
    load: 1_822,
    machines: 4,
  })),
  extraMachineHours: 0,
  constraints: [],
  reason: "Hold 4: until 06:01Z at most 1,822 requests a minute at q0.95 need 4.",
} as unknown as Decision;
const RECORD = { v: 1, kind: "short", text: "x".repeat(500) } as unknown as TickRecord;
const HOT = { version: 1, state: "x".repeat(3_600) } as unknown as HotState;
const HORIZONS_MS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS];

export function tickOf(lease: Lease, now: Instant, pools: readonly PoolKey[]): OpenTick {
  return {
    lease,
    now,
    mode: "act",
    cadenceMs: 15 * MINUTE_MS,
    resolved: [],
    retired: [],
    pools: pools.map((pool, i) => ({
      pool,
      mode: "act",
      policy: POLICY,
      decision: HOLD,
      record: RECORD,
      machines: Array.from({ length: 6 }, (_, n) => ({
        id: `m${i + 1}-${n + 1}`,
        name: "m",
        region: pool.region,
        processGroup: pool.processGroup,
        state: n < 4 ? ("started" as const) : ("stopped" as const),
        health: "passing" as const,
        cordoned: false,
        createdAt: 0,
        lastAsked: null,
        size: { cpuKind: "shared", cpus: 1, memoryMb: 256 },
      })),
      boots: [],
      actions: [],
      override: null,
      hot: HOT,
      cold: null,
      predictions: HORIZONS_MS.map((horizonMs) => ({
        horizonMs,
        targetAt: now + horizonMs,
        load: [500, 600, 700, 750, 900],
      })),
      nextPeak: { at: now + HOUR_MS, load: 900 },
      model: "seasonal-level-1",
      confidence: 0.8,
    })),
  };
}
