/** What a user gets who sets nothing but the capacity and the lead time: on each series, at both ends of the cadences. */
import { readConfig } from "../../src/config.ts";
import type { Policy } from "../../src/core/policy.ts";
import { clairvoyant } from "../../src/sim/baselines/clairvoyant.ts";
import { evaluate } from "../../src/sim/baselines/evaluate.ts";
import { drive } from "./drive.ts";
import type { Minutes } from "./minutes.ts";

const BOOT_MINUTES = 1;
const MINUTES_PER_DAY = 1_440;
/** The traces are scaled to a peak of about 20 machines; the shipped maximum of 10 is for smaller pools. */
const MOST_MACHINES = 60;

export type DefaultsRow = {
  readonly series: string;
  readonly cadenceMinutes: number;
  readonly shortShare: number;
  readonly unservedShare: number;
  /** Machine-hours over the clairvoyant's. */
  readonly cost: number;
  readonly actionsPerDay: number;
};

export function shippedPolicy(requestsPerWorker: number): Policy {
  const { defaultPolicy } = readConfig({
    DATABASE_URL: "postgres://bench@db.example/bench",
    REDIS_URL: "https://redis.example",
    REDIS_TOKEN: "none",
    FLY_API_TOKEN: "none",
    FLY_APPS: "bench",
  }).tick;
  return {
    ...defaultPolicy,
    requestsPerWorker,
    maxWorkers: MOST_MACHINES,
    leadSeconds: 60 * BOOT_MINUTES,
  };
}

export function underDefaults(trace: Minutes, cadenceMinutes: number): DefaultsRow {
  const { name, demand, missing, split, capacity } = trace;
  const desired = new Int32Array(demand.length - split);
  const note = (minute: number, count: number) => {
    desired[minute] = count;
  };
  drive(trace, cadenceMinutes, [{ name, policy: shippedPolicy(capacity), bootMinutes: BOOT_MINUTES, note }]);
  const judged = demand.slice(split).map((value, i) => (missing[split + i] ? Number.NaN : value));
  const bounds = { requestsPerMachine: capacity, min: 1, max: MOST_MACHINES, bootMinutes: BOOT_MINUTES };
  const ours = evaluate(judged, desired, bounds);
  const best = evaluate(judged, clairvoyant(judged, bounds), bounds);
  const minutes = judged.filter((value) => !Number.isNaN(value));
  return {
    series: name,
    cadenceMinutes,
    shortShare: ours.shortMinutes / minutes.length,
    unservedShare: ours.unservedRequests / minutes.reduce((sum, value) => sum + value, 0),
    cost: ours.machineMinutes / best.machineMinutes,
    actionsPerDay: (ours.actions * MINUTES_PER_DAY) / minutes.length,
  };
}

export function defaultsText(rows: readonly DefaultsRow[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
  const lines = rows.map(
    ({ series, cadenceMinutes, shortShare, unservedShare, cost, actionsPerDay }) =>
      `${series.padEnd(28)} ${`${cadenceMinutes} min`.padStart(7)} ${percent(shortShare).padStart(9)} ${percent(unservedShare).padStart(9)} ${cost.toFixed(3).padStart(7)} ${actionsPerDay.toFixed(0).padStart(5)}`,
  );
  return [`${"series".padEnd(28)} cadence     short  unserved    cost  actions a day`, ...lines].join("\n");
}
