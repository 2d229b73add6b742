/**
 * Learned capacity from tick to tick: what is carried, what a tick adds, and what it says of the number. Samples are read
 * once an hour, before the state is saved, so the other ticks cost nothing; each bin is learned once, since the state that
 * is saved knows how far it came.
 *
 * The trap is the pool that measures nothing but requests: nothing is carried for it, and nothing of it changes.
 */
import type { Machine } from "../fleet.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import type { TrafficSample } from "../traffic.ts";
import type { CapacityModel } from "./capacity-model.ts";
import { capacityOf } from "./capacity-of.ts";
import { commonSize, type FleetWatch, lookAgain, servingBy } from "./fleet-watch.ts";
import { type CapacityState, learnCapacity } from "./learn-capacity.ts";

/** What was known when the tick began, and the samples that it read: those with a signal, ascending; null where it read none. */
export type CapacityNews = {
  readonly state: CapacityState;
  readonly watch: FleetWatch | null;
  readonly samples: readonly TrafficSample[] | null;
};
/** What is carried on: the watch with the hot state at each tick, the state with the cold one. */
export type CapacityMemory = { readonly state: CapacityState; readonly watch: FleetWatch };

export type Look = { readonly leadMs: number; readonly cadenceMs: number; readonly now: Instant };

/**
 * Looks at the fleet, and learns the samples of the times in which it is known what served.
 * @returns null where no signal was ever measured
 */
export function learnNews(
  { state, watch, samples }: CapacityNews,
  machines: readonly Machine[] | null,
  look: Look,
  binMs = MINUTE_MS,
): CapacityMemory | null {
  if (watch === null && (samples === null || samples.length === 0)) return null;
  // What served since the last look is not known: its samples wait.
  if (machines === null) return watch && { state, watch };
  const seen = lookAgain(watch, machines, look, state.through);
  if (samples === null) return { state, watch: seen };
  return { state: learnCapacity(state, samples, servingBy(seen, binMs), binMs), watch: seen };
}

/** What a machine is learned to carry, with its sentence; null where what was given stands. */
export function learnedRequests(
  { state, watch }: CapacityMemory,
  machines: readonly Machine[] | null,
  model: CapacityModel,
): { readonly requestsPerWorker: number; readonly sentence: string } | null {
  const size = machines === null ? watch.size : commonSize(machines);
  if (size === null || state.sizes[size] === undefined) return null;
  const { source, requestsPerWorker, sentence } = capacityOf(state, size, { model });
  // More digits decide nothing, and would not fit into the record of the decision.
  const brief = Number(requestsPerWorker.toPrecision(4));
  return source === "given" || brief === model.requestsPerWorker
    ? null
    : { requestsPerWorker: brief, sentence };
}
