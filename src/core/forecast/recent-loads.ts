/**
 * The last week as a forecaster outside is told it: the busiest minute of each bin, from what the state remembers and the
 * samples that it has not learned yet. Enough to see yesterday and last week; who wants more keeps what was sent.
 *
 * The trap: the last day is exact (the journal), what is older was winsorised before it was remembered, so a storm of last
 * Tuesday is flatter here than it was.
 */
import { floorTo, type Instant, WEEK_MS } from "../time.ts";
import { peakBetween, type TrafficSeries } from "../traffic.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";
import { binAt } from "./grid.ts";
import { rootAt } from "./memory.ts";
import { loadOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

/** Up to the bin of `now`, which is not over; NaN is a gap. Begins with the first bin that is known. */
export function recentLoads(
  state: ForecastState | null,
  samples: TrafficSeries | null,
  now: Instant,
): TrafficSeries {
  const binMs = state?.binMs ?? FORECAST_BIN_MS;
  const end = floorTo(now, binMs);
  const begun = Math.min(
    state === null ? end : state.memory.first * binMs,
    samples === null ? end : floorTo(samples.start, binMs),
  );
  const start = Math.min(end, Math.max(begun, end - WEEK_MS));
  const values = Array.from({ length: (end - start) / binMs }, (_, i) => {
    const at = start + i * binMs;
    const load = state !== null && at < state.through ? learnedLoad(state, at) : measured(samples, at, binMs);
    return Math.round(100 * load) / 100;
  });
  return { start, binMs, values };
}

function learnedLoad(state: ForecastState, at: Instant): number {
  const { journal, memory } = state;
  const bin = binAt(state, at);
  const isInJournal = bin > memory.last - journal.length && bin >= memory.first;
  return isInJournal ? journal[bin % journal.length]! : loadOf(rootAt(memory, bin));
}

function measured(samples: TrafficSeries | null, at: Instant, binMs: number): number {
  return samples === null ? Number.NaN : (peakBetween(samples, at, at + binMs) ?? Number.NaN);
}
