/**
 * The answers of an app's queries, laid out by machine: when each was reported, whether it serves requests at all, what
 * its counters grew by.
 *
 * A machine is reported at an edge where any of its metrics is; so a counter that first shows up on a machine that was
 * reported before is told apart from a machine that is new (increments.ts). One that serves has a concurrency or a count
 * of responses: of a worker without an HTTP service nobody knows that it had no requests, and it must not teach zeros.
 */

import { closeHoles, increments } from "./increments.ts";
import { PART_LABEL, type Part } from "./queries.ts";
import type { Labels, Readings } from "./range-answer.ts";

export type MachineReadings = {
  readonly id: string;
  readonly region: string;
  readonly labels: Labels;
  /** 1 at each edge where it was reported, short holes closed. */
  readonly reported: Uint8Array;
  readonly serves: boolean;
  /** Per bin; NaN where nothing was counted. */
  readonly requests: readonly Float64Array[];
  readonly errors: readonly Float64Array[];
  readonly states: Readonly<Partial<Record<Part, Float64Array>>>;
};

type Gathered = { labels: Labels; counters: Readings[]; states: Partial<Record<Part, Float64Array>> };

/** One entry for each machine and region: a machine that moved has two, and was reported before in both. */
export function readMachines(
  responses: readonly Readings[],
  states: readonly Readings[],
  edges: number,
): MachineReadings[] {
  const machines = new Map<string, Gathered>();
  const at = ({ instance = "", region = "" }: Labels): Gathered => {
    const key = `${instance}@${region}`;
    const known = machines.get(key) ?? { labels: { instance, region }, counters: [], states: {} };
    machines.set(key, known);
    return known;
  };
  for (const reading of responses) at(reading.labels).counters.push(reading);
  for (const { labels, values } of states) at(labels).states[labels[PART_LABEL] as Part] = values;
  const anywhere = new Map<string, Uint8Array>();
  const seen = [...machines.values()].map((machine) => {
    const edgesSeen = seenAt(machine, edges);
    const { instance = "" } = machine.labels;
    const sum = anywhere.get(instance) ?? new Uint8Array(edges);
    anywhere.set(
      instance,
      sum.map((is, edge) => is | edgesSeen[edge]!),
    );
    return { machine, edgesSeen };
  });
  return seen.map(({ machine, edgesSeen }) => {
    return digest(machine, closeHoles(edgesSeen), closeHoles(anywhere.get(machine.labels.instance ?? "")!));
  });
}

function seenAt({ counters, states }: Gathered, edges: number): Uint8Array {
  const seen = new Uint8Array(edges);
  for (const values of [...counters.map((counter) => counter.values), ...Object.values(states)]) {
    values.forEach((value, edge) => {
      if (!Number.isNaN(value)) seen[edge] = 1;
    });
  }
  return seen;
}

function digest(
  { labels, counters, states }: Gathered,
  reported: Uint8Array,
  reportedAnywhere: Uint8Array,
): MachineReadings {
  const grown = counters.map((counter) => ({
    isError: counter.labels.status?.startsWith("5") ?? false,
    bins: increments(counter.values, (edge) => reportedAnywhere[edge] === 1),
  }));
  return {
    id: labels.instance ?? "",
    region: labels.region ?? "",
    labels,
    reported,
    serves: counters.length > 0 || states.concurrency !== undefined,
    requests: grown.map(({ bins }) => bins),
    errors: grown.filter(({ isError }) => isError).map(({ bins }) => bins),
    states,
  };
}

/** Whether the bin that ends at this edge was measured from edge to edge. */
export function isWhole({ reported }: MachineReadings, edge: number): boolean {
  return reported[edge - 1] === 1 && reported[edge] === 1;
}

/** The edge at which it was last reported, or -1. */
export function lastReported({ reported }: MachineReadings): number {
  return reported.lastIndexOf(1);
}
