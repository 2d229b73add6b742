/**
 * The machines of one pool become its samples, bin by bin.
 *
 * A bin has a sample where at least one serving machine was measured from edge to edge, and none is missing that should
 * be there: requests that one of two machines answered are not the pool's. A machine that is started by Fly's list, was
 * reported a moment ago and is silent now is missing, and the newest bins wait for it; one that is silent for longer was stopped.
 *
 * Requests, errors and concurrency are sums over the machines; cpu, memory and disk are means. What was not measured is
 * absent, and a measured zero is 0.
 */
import type { PoolKey } from "../../core/fleet.ts";
import type { Instant } from "../../core/time.ts";
import type { PoolSample } from "../../ports.ts";
import { isWhole, lastReported, type MachineReadings } from "./fleet-readings.ts";
import { LONGEST_HOLE_BINS } from "./increments.ts";
import type { Part } from "./queries.ts";
import type { Grid } from "./range-answer.ts";

export type PoolReadings = {
  readonly pool: PoolKey;
  readonly machines: readonly MachineReadings[];
  /** Ids of machines that Fly's list calls started. */
  readonly started: ReadonlySet<string>;
};

export function poolSamples(
  { pool, machines, started }: PoolReadings,
  { start, stepMs, length }: Grid,
  from: Instant,
  until: Instant,
): PoolSample[] {
  const serving = machines.filter(({ serves }) => serves);
  const complete = completeUntil(serving, started, length);
  const samples: PoolSample[] = [];
  for (let edge = 1; edge < length; edge++) {
    const at = start + (edge - 1) * stepMs;
    if (at < from || at >= until || edge > complete) continue;
    if (!serving.some((machine) => isWhole(machine, edge))) continue;
    samples.push({ pool, at, ...loadAt(serving, edge) });
  }
  return samples;
}

/** The last edge up to which no started machine is missing. */
function completeUntil(
  machines: readonly MachineReadings[],
  started: ReadonlySet<string>,
  edges: number,
): number {
  const lasts = machines
    .filter(({ id }) => started.has(id))
    .map(lastReported)
    .filter((last) => last !== -1 && edges - 1 - last <= LONGEST_HOLE_BINS);
  return Math.min(edges - 1, ...lasts);
}

function loadAt(machines: readonly MachineReadings[], edge: number): Omit<PoolSample, "pool" | "at"> {
  const bin = edge - 1;
  const added = (pick: (machine: MachineReadings) => readonly Float64Array[]) =>
    machines.reduce(
      (sum, machine) => sum + pick(machine).reduce((all, bins) => all + orZero(bins[bin]), 0),
      0,
    );
  const states = (part: Part) => {
    return machines
      .map((machine) => machine.states[part]?.[edge] ?? Number.NaN)
      .filter((v) => !Number.isNaN(v));
  };
  const mean = (values: readonly number[]) => {
    return Math.min(1, Math.max(0, sumOf(values) / values.length));
  };
  const [cpu, memory, disk, concurrency] = (["cpu", "memory", "disk", "concurrency"] as const).map(states);
  return {
    requests: added((machine) => machine.requests),
    errors: added((machine) => machine.errors),
    ...(cpu!.length === 0 ? {} : { cpu: mean(cpu!) }),
    ...(memory!.length === 0 ? {} : { memory: mean(memory!) }),
    ...(disk!.length === 0 ? {} : { disk: mean(disk!) }),
    ...(concurrency!.length === 0 ? {} : { concurrency: sumOf(concurrency!) }),
  };
}

/** In flight over the soft limits of the machines that told, at the newest edge where any did; null where unknown. */
export function saturationOf(
  machines: readonly MachineReadings[],
  softLimitOf: (machineId: string) => number | undefined,
): number | null {
  const telling = machines.flatMap(({ id, states }) => {
    const limit = softLimitOf(id);
    return states.concurrency === undefined || limit === undefined
      ? []
      : [{ values: states.concurrency, limit }];
  });
  const length = telling[0]?.values.length ?? 0;
  for (let edge = length - 1; edge > 0; edge--) {
    const now = telling.filter(({ values }) => !Number.isNaN(values[edge]));
    if (now.length === 0) continue;
    return sumOf(now.map(({ values }) => values[edge]!)) / sumOf(now.map(({ limit }) => limit));
  }
  return null;
}

/** Machines whose newest measured bin was without anything in flight, and when that bin began. */
export function idleAmong(
  machines: readonly MachineReadings[],
  { start, stepMs }: Grid,
): { machineId: string; since: Instant }[] {
  return machines.flatMap(({ id, states: { concurrency } }) => {
    const edge = concurrency?.findLastIndex((value) => !Number.isNaN(value)) ?? -1;
    if (edge < 1 || concurrency?.[edge] !== 0) return [];
    return [{ machineId: id, since: start + (edge - 1) * stepMs }];
  });
}

const orZero = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? 0 : value);
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
