/**
 * Values to start a test from: one pool, a policy with round numbers, machines, samples, an observation of a quiet
 * Wednesday. Each builder takes what a test wants different, so that the test shows only what it is about.
 */
import { PLAN_QUANTILES } from "../../src/core/capacity/plan-capacity.ts";
import type { Machine, PoolKey } from "../../src/core/fleet.ts";
import { FORECAST_BIN_MS, type Forecast } from "../../src/core/forecast/forecast.ts";
import type { Observation, Part } from "../../src/core/observation.ts";
import type { Policy } from "../../src/core/policy.ts";
import { releaseUnderWay } from "../../src/core/release.ts";
import { RULES_OFF } from "../../src/core/rules.ts";
import { type Instant, MINUTE_MS } from "../../src/core/time.ts";
import type { TrafficSeries } from "../../src/core/traffic.ts";
import { flyNow } from "../../src/tick/fly-now.ts";

export const POOL: PoolKey = { app: "shop", region: "fra", processGroup: "web" };

/** A Wednesday, on the quarter hour. */
export const NOW: Instant = Date.UTC(2026, 5, 17, 12, 0);

export const CADENCE_MS = 15 * MINUTE_MS;

/** Every further rule is off. */
export function policy(changes: Partial<Policy> = {}): Policy {
  return {
    ...RULES_OFF,
    minWorkers: 1,
    maxWorkers: 10,
    requestsPerWorker: 100,
    shortShare: 0.001,
    unservedPrice: 10,
    leadSeconds: 60,
    cooldownSeconds: 300,
    stabilisationSeconds: 600,
    staleSeconds: 300,
    overrideSeconds: 3_600,
    timeZone: "UTC",
    pinnedMachineId: null,
    frozenUntil: null,
    ...changes,
  };
}

export function machine(id: string, changes: Partial<Machine> = {}): Machine {
  return {
    id,
    name: `name-of-${id}`,
    region: POOL.region,
    processGroup: POOL.processGroup,
    state: "started",
    health: "passing",
    cordoned: false,
    createdAt: NOW - 86_400_000,
    lastAsked: null,
    size: null,
    ...changes,
  };
}

/** `count` started machines m0, m1, …, each a minute younger than the one before. */
export function started(count: number): Machine[] {
  return Array.from({ length: count }, (_, i) =>
    machine(`m${i}`, { createdAt: NOW - 86_400_000 + i * MINUTE_MS }),
  );
}

export function ofRelease(version: number): Pick<Machine, "release"> {
  return { release: { id: `rel_${version}`, version } };
}

/** What a tick finds out about Fly where these are all the machines of the app. */
export function flySeen(machines: readonly Machine[], now: Instant = NOW): Pick<Observation, "fly"> {
  const fly = flyNow(machines, releaseUnderWay(machines, now), null, policy(), now);
  return fly === null ? {} : { fly };
}

export function fresh<T>(value: T): Part<T> {
  return { status: "fresh", value };
}

/** Minutes that end at `until`; NaN is a gap. */
export function minutesBefore(until: Instant, values: readonly number[]): TrafficSeries {
  return { start: until - values.length * MINUTE_MS, binMs: MINUTE_MS, values };
}

/** Minutes from `start`, each as `load` says for its instant. */
export function minutesFrom(
  start: Instant,
  minutes: number,
  load: (at: Instant, index: number) => number,
): TrafficSeries {
  return {
    start,
    binMs: MINUTE_MS,
    values: Array.from({ length: minutes }, (_, i) => load(start + i * MINUTE_MS, i)),
  };
}

/** Two started machines, half an hour of 150 requests a minute, no forecast state yet. */
export function observation(changes: Partial<Observation> = {}): Observation {
  const now = changes.now ?? NOW;
  return {
    pool: POOL,
    slot: now,
    attempt: 1,
    now,
    cadenceMs: CADENCE_MS,
    mode: "act",
    policy: policy(),
    machines: fresh(started(2)),
    bookedWorkers: 2,
    samples: fresh(minutesBefore(now, new Array<number>(30).fill(150))),
    state: null,
    ledger: null,
    events: [],
    override: null,
    lastChangeAt: null,
    ...changes,
  };
}

/** A forecast by hand from NOW on: one bin a row, its loads at PLAN_QUANTILES. */
export function forecastOf(bins: readonly (readonly number[])[]): Forecast {
  return {
    madeAt: NOW,
    model: "by hand",
    confidence: 1,
    reason: "by hand",
    start: NOW,
    binMs: FORECAST_BIN_MS,
    quantiles: PLAN_QUANTILES,
    load: PLAN_QUANTILES.map((_, q) => bins.map((loads) => loads[q]!)),
    lately: PLAN_QUANTILES.map(() => 0),
  };
}

/** One bin's loads at the plan's quantiles: sure to 2 %. */
export function curve(load: number): number[] {
  return PLAN_QUANTILES.map((_, i) =>
    Number((load * (1 + (0.02 * i) / (PLAN_QUANTILES.length - 1))).toPrecision(4)),
  );
}
