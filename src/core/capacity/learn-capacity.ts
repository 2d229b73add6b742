/**
 * Learns what one machine carries, from what its pool's machines looked like under load. A pure reducer: state, samples and
 * what served in, state out. It only collects; what the curves say is read by capacity-of.ts.
 *
 *   bin of samples ──▶ load per serving machine ──▶ level of load of this machine size ──▶ running means of each signal
 *
 * The traps: a bin in which the number of machines changed, or machines of two sizes served, belongs to no level and is
 * passed over. And a unit that is not ours (cpu in percent, errors beyond the requests) must not be learned as a fact: such
 * values are counted as odd, and a signal with many of them is not believed.
 */
import type { MachineSize } from "../fleet.ts";
import { type Instant, MINUTE_MS } from "../time.ts";
import type { TrafficSample } from "../traffic.ts";
import { addReadings, type LevelStates, type Readings, SIGNALS, type Signal } from "./load-levels.ts";

const VERSION = 1;
/** The one that serves and the one before it: more have no room in the cold state. */
const MOST_SIZES = 2;
/** The counts of odd values look back about so many. */
const ODD_LOOK_BACK = 2_000;

/** JSON, as it is kept: at most 4 KB a size. */
export type CapacityState = {
  readonly v: typeof VERSION;
  /** Bins up to and with this one are learned; null before the first. */
  readonly through: Instant | null;
  /** By {@link sizeName}. */
  readonly sizes: { readonly [size: string]: SizeState };
};
export type SizeState = {
  newest: Instant;
  /** Values that were used, and values that could not be what they are named. */
  readonly used: { [S in Signal]?: number };
  readonly odd: { [S in Signal]?: number };
  readonly levels: LevelStates;
};

/** What served through the whole of one bin; null where that changed, or nobody knows. */
export type Serving = { readonly workers: number; readonly size: string };

export const EMPTY_CAPACITY: CapacityState = { v: VERSION, through: null, sizes: {} };

/** "shared-2x-512"; machines of unknown size are of one size. */
export function sizeName(size: MachineSize | null): string {
  return size === null ? "unknown" : `${size.cpuKind}-${size.cpus}x-${size.memoryMb}`;
}

/** The state that was stored, or an empty one where it is of another version or no state at all. */
export function decodeCapacity(stored: unknown): CapacityState {
  const state = stored as Partial<CapacityState> | null;
  const isOurs =
    typeof state === "object" && state !== null && state.v === VERSION && typeof state.sizes === "object";
  return isOurs ? (state as CapacityState) : EMPTY_CAPACITY;
}

/**
 * Learns from samples, each bin once: what is not newer than the state's newest is passed over.
 * @param samples of one pool, ascending
 * @param serving what served in the bin that starts at an instant
 * @param binMs width of the samples' bins
 */
export function learnCapacity(
  state: CapacityState,
  samples: readonly TrafficSample[],
  serving: (at: Instant) => Serving | null,
  binMs = MINUTE_MS,
): CapacityState {
  const next = JSON.parse(JSON.stringify(state)) as {
    -readonly [K in keyof CapacityState]: CapacityState[K];
  };
  const sizes = next.sizes as { [size: string]: SizeState };
  for (const sample of samples) {
    if (next.through !== null && sample.at <= next.through) continue;
    next.through = sample.at;
    const served = serving(sample.at);
    if (served === null || !(served.workers > 0) || !(sample.requests >= 0)) continue;
    sizes[served.size] ??= { newest: sample.at, used: {}, odd: {}, levels: {} };
    learnBin(sizes[served.size]!, sample, served.workers, binMs);
    if (Object.keys(sizes).length > MOST_SIZES) forgetOldest(sizes);
  }
  return next;
}

function learnBin(size: SizeState, sample: TrafficSample, workers: number, binMs: number): void {
  const load = (sample.requests * MINUTE_MS) / binMs / workers;
  const readings: { [S in Signal]?: number } = {};
  for (const signal of SIGNALS) {
    const value = readingOf(signal, sample, workers);
    if (value === undefined) continue;
    if (value !== null) readings[signal] = value;
    count(size, value === null ? size.odd : size.used, signal);
  }
  size.newest = sample.at;
  addReadings(size.levels, load, readings satisfies Readings, sample.at);
}

/** undefined where it was not measured or says nothing, null where it cannot be what it is named. */
function readingOf(signal: Signal, sample: TrafficSample, workers: number): number | null | undefined {
  const { requests, cpu, p95LatencyMs, concurrency, errors } = sample;
  switch (signal) {
    case "cpu":
      return cpu === undefined || (cpu >= 0 && cpu <= 1) ? cpu : null;
    case "latency":
      if (p95LatencyMs === undefined || requests === 0) return undefined;
      return p95LatencyMs > 0 && p95LatencyMs < Number.POSITIVE_INFINITY ? Math.log(p95LatencyMs) : null;
    case "concurrency":
      if (concurrency === undefined) return undefined;
      return concurrency >= 0 && concurrency < Number.POSITIVE_INFINITY ? concurrency / workers : null;
    case "errors":
      if (errors === undefined || requests === 0) return undefined;
      return errors >= 0 && errors <= requests ? errors / requests : null;
  }
}

function count({ used, odd }: SizeState, counts: { [S in Signal]?: number }, signal: Signal): void {
  counts[signal] = (counts[signal] ?? 0) + 1;
  if ((used[signal] ?? 0) + (odd[signal] ?? 0) < ODD_LOOK_BACK) return;
  for (const each of [used, odd]) each[signal] = Math.round((each[signal] ?? 0) / 2);
}

function forgetOldest(sizes: { [size: string]: SizeState }): void {
  const oldest = Object.entries(sizes).reduce((a, b) => (b[1].newest < a[1].newest ? b : a));
  delete sizes[oldest[0]];
}
