/**
 * Load as it was measured. A missing bin is a gap and stays one: NaN in a series. A measured zero is 0.
 * The two are never confused: an outage teaches, a gap does not.
 */
import type { Instant } from "./time.ts";

/** Load of one pool in one bin that starts at `at`. What was not measured is absent. */
export type TrafficSample = {
  readonly at: Instant;
  /** Requests in the bin. */
  readonly requests: number;
  readonly errors?: number | undefined;
  readonly p95LatencyMs?: number | undefined;
  /** Shares of what the machines have, in [0, 1]. */
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
  readonly disk?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly queueDepth?: number | undefined;
};

/** What a sample may say of its bin. */
export const LOAD_FIELDS = [
  "requests",
  "errors",
  "p95LatencyMs",
  "cpu",
  "memory",
  "disk",
  "concurrency",
  "queueDepth",
] as const satisfies readonly (keyof TrafficSample)[];
export type LoadField = (typeof LOAD_FIELDS)[number];

/** An owner's own query for one field; `processGroup` null: of whatever group its series are. */
export type MetricQuery = {
  readonly field: LoadField;
  readonly processGroup: string | null;
  readonly text: string;
};

/** Evenly spaced requests per bin; values[i] belongs to [start + i·binMs, start + (i+1)·binMs); NaN is a gap. */
export type TrafficSeries = {
  readonly start: Instant;
  readonly binMs: number;
  readonly values: readonly number[];
};

/** Lays samples on the grid [from, until). Bins without a sample become gaps; of two samples for a bin the later in the list counts. */
export function toSeries(
  samples: readonly { at: Instant; requests: number }[],
  from: Instant,
  until: Instant,
  binMs: number,
): TrafficSeries {
  const length = Math.max(0, Math.ceil((until - from) / binMs));
  const values = new Array<number>(length).fill(Number.NaN);
  for (const { at, requests } of samples) {
    const index = Math.floor((at - from) / binMs);
    if (index >= 0 && index < length) values[index] = requests;
  }
  return { start: from, binMs, values };
}

/** End of the newest measured bin, or null where all is gap. */
export function measuredUntil(series: TrafficSeries): Instant | null {
  for (let i = series.values.length - 1; i >= 0; i--) {
    if (!Number.isNaN(series.values[i])) return series.start + (i + 1) * series.binMs;
  }
  return null;
}

/** The busiest measured bin that overlaps [from, until), or null where nothing was measured. */
export function peakBetween(series: TrafficSeries, from: Instant, until: Instant): number | null {
  let peak: number | null = null;
  const first = Math.max(0, Math.floor((from - series.start) / series.binMs));
  for (let i = first; i < series.values.length && series.start + i * series.binMs < until; i++) {
    const value = series.values[i]!;
    if (!Number.isNaN(value) && (peak === null || value > peak)) peak = value;
  }
  return peak;
}

/** The part of the series that begins at or after `from`. */
export function seriesSince(series: TrafficSeries, from: Instant): TrafficSeries {
  const skip = Math.min(series.values.length, Math.max(0, Math.ceil((from - series.start) / series.binMs)));
  return {
    start: series.start + skip * series.binMs,
    binMs: series.binMs,
    values: series.values.slice(skip),
  };
}
