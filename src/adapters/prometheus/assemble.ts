/**
 * The answers to an app's queries, put together into samples of its pools, in the order of the texts: responses, states,
 * buckets, then the owner's own.
 */
import { poolName } from "../../core/fleet.ts";
import type { MetricQuery } from "../../core/traffic.ts";
import type { PoolSample, TrafficAnswer, TrafficQuestion } from "../../ports.ts";
import { withCustom } from "./custom.ts";
import { type MachineReadings, readMachines } from "./fleet-readings.ts";
import { byPool, type Places, placesOf } from "./places.ts";
import { idleAmong, poolSamples, saturationOf } from "./pool-samples.ts";
import type { Grid, RangeAnswer } from "./range-answer.ts";
import { withPercentile } from "./slowest.ts";

export type Whole = Extract<TrafficAnswer, { status: "answered" }>;
export type Answered = Extract<RangeAnswer, { status: "answered" }>;

export function isAnswered(answer: RangeAnswer): answer is Answered {
  return answer.status === "answered";
}

export function assemble(
  { app, from, until, machines, pools }: TrafficQuestion,
  grid: Grid,
  answers: readonly Answered[],
  customQueries: readonly MetricQuery[],
): Whole {
  const [responses, states, buckets, ...customs] = answers.map(({ series }) => series);
  const fleet = readMachines(responses!, states!, grid.length);
  const serving = new Set(fleet.filter(({ serves }) => serves).map(({ id }) => id));
  const places = placesOf(app, machines, pools, (id) => serving.has(id));
  const started = new Set(machines.filter(({ state }) => state === "started").map(({ id }) => id));
  const found = fleetByPool(fleet, places);
  const warnings: string[] = [];
  const scene = { grid, from, until, pools, places };

  let samples = found.flatMap(({ pool, members }) =>
    poolSamples({ pool, machines: members, started }, grid, from, until),
  );
  samples = withPercentile(samples, buckets!, grid, places);
  customQueries.forEach((query, i) => {
    samples = withCustom(samples, query, customs[i]!, scene, warnings);
  });
  if (places.strangers.size > 0) {
    const some = [...places.strangers].slice(0, 3).join(", ");
    warnings.push(
      `${places.strangers.size} machines (${some}) are in no list and could be of several process groups: their requests are left out`,
    );
  }
  const limits = new Map(machines.map(({ id, softLimit }) => [id, softLimit]));
  return {
    status: "answered",
    samples: inOrder(samples),
    saturation: found.flatMap(({ pool, members }) => {
      const share = saturationOf(members, (id) => limits.get(id));
      return share === null ? [] : [{ pool, share }];
    }),
    idle: idleAmong(fleet, grid),
    warnings,
    points: answers.reduce((sum, { points }) => sum + points, 0),
  };
}

function inOrder(samples: readonly PoolSample[]): PoolSample[] {
  const named = samples.map((sample) => ({ sample, name: poolName(sample.pool) }));
  named.sort((a, b) => (a.name === b.name ? a.sample.at - b.sample.at : a.name < b.name ? -1 : 1));
  return named.map(({ sample }) => sample);
}

function fleetByPool(fleet: readonly MachineReadings[], places: Places) {
  const found = byPool((pool) => ({ pool, members: [] as MachineReadings[] }));
  for (const machine of fleet) {
    const pool = machine.serves ? places.poolOf(machine.labels) : null;
    if (pool !== null) found.at(pool).members.push(machine);
  }
  return found.values();
}

/** Two spans, one after the other. */
export function joined(older: Whole, newer: Whole): Whole {
  return {
    status: "answered",
    samples: inOrder([...older.samples, ...newer.samples]),
    saturation: newer.saturation,
    ...(newer.idle && { idle: newer.idle }),
    warnings: [...new Set([...older.warnings, ...newer.warnings])],
    points: older.points + newer.points,
  };
}
