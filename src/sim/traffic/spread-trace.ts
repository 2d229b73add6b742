/**
 * One recorded trace becomes the demand of several regions: each region lives the same days at its own hour and size.
 *
 * A region that is h hours ahead shows at t what the trace shows at t + h. Series are moved, never wound around: a wound
 * Sunday would meet a Tuesday. Only the window that every region has is kept, so the trace loses as many hours as its
 * regions are apart, and each region carries weight × scale × the trace's load in the window that it shows.
 */
import { DAY_MS, floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../../core/time.ts";
import { highLoad } from "./capacity.ts";
import type { Demand } from "./demand.ts";
import { hoursAhead, type RegionSpec } from "./regions.ts";
import type { Trace } from "./trace.ts";

export type TraceRegion = {
  readonly region: string;
  /** How far ahead of the trace's own clock this region lives; to the minute. */
  readonly hoursAhead: number;
  /** Size against the other regions: only the proportions count. Above 0. */
  readonly weight: number;
};

export type SpreadOptions = {
  readonly app: string;
  readonly processGroup: string;
  /** The regions together carry this many times the trace's load. Default 1. */
  readonly scale?: number | undefined;
  /** Instead of a scale: the busiest region's 99.9th percentile comes out at this many requests a minute. */
  readonly peakRequestsPerMinute?: number | undefined;
};

/** Regions by their real distance in time from the first one at that instant: iad, fra, syd are 0, 6 and 14 to 16 ahead. */
export function traceRegions(specs: readonly RegionSpec[], at: Instant): TraceRegion[] {
  return specs.map((spec) => ({
    region: spec.region,
    hoursAhead: hoursAhead(spec, specs[0]!, at),
    weight: spec.weight,
  }));
}

/**
 * Spreads a trace over regions, in minutes: coarser bins evenly over theirs, finer ones summed, where a minute with a
 * missing part is missing. A trace that starts within a minute is moved back to that minute's start.
 * Throws RangeError for no region, a bad weight or scale, a bin that does not fit into minutes, or regions so far apart
 * that no common window is left.
 */
export function spreadTrace(trace: Trace, regions: readonly TraceRegion[], options: SpreadOptions): Demand {
  checkRegions(regions);
  const minutes = toMinutes(trace);
  const ahead = regions.map((region) => Math.round((region.hoursAhead * HOUR_MS) / MINUTE_MS));
  const first = Math.max(0, ...ahead.map((shift) => -shift));
  const last = Math.min(minutes.values.length, ...ahead.map((shift) => minutes.values.length - shift));
  if (last <= first) {
    const days = ((minutes.values.length * MINUTE_MS) / DAY_MS).toFixed(1);
    throw new RangeError(
      `Cannot spread a trace of ${days} days: its regions are too far apart in time to share a window. Use a longer trace or closer regions.`,
    );
  }
  const weights = regions.reduce((sum, { weight }) => sum + weight, 0);
  const unscaled: Demand = {
    start: minutes.start + first * MINUTE_MS,
    binMs: 60_000,
    pools: regions.map(({ region, weight }, index) => ({
      app: options.app,
      processGroup: options.processGroup,
      region,
      requests: minutes.values
        .slice(first + ahead[index]!, last + ahead[index]!)
        .map((value) => value * (weight / weights)),
    })),
  };
  return scaleDemand(unscaled, scaleOf(unscaled, options));
}

function scaleOf(demand: Demand, { scale, peakRequestsPerMinute }: SpreadOptions): number {
  const high = peakRequestsPerMinute === undefined ? 0 : highLoad(demand);
  const factor =
    peakRequestsPerMinute === undefined ? (scale ?? 1) : high === 0 ? 1 : peakRequestsPerMinute / high;
  if (factor > 0 && Number.isFinite(factor)) return factor;
  throw new RangeError(`Cannot scale the trace by ${factor}: use a scale or peak above 0.`);
}

function scaleDemand(demand: Demand, factor: number): Demand {
  if (factor === 1) return demand;
  const scaled = demand.pools.map((pool) => ({
    ...pool,
    requests: pool.requests.map((value) => value * factor),
  }));
  return { ...demand, pools: scaled };
}

function toMinutes(trace: Trace): { start: Instant; values: Float64Array } {
  const start = floorTo(trace.start, MINUTE_MS);
  if (trace.stepMs % MINUTE_MS === 0)
    return { start, values: thinOut(trace.values, trace.stepMs / MINUTE_MS) };
  if (MINUTE_MS % trace.stepMs === 0) return { start, values: sumUp(trace, start) };
  throw new RangeError(
    `Cannot turn bins of ${trace.stepMs / 1000} s into minutes: use bins that divide a minute or are a multiple of one.`,
  );
}

function thinOut(values: Float64Array, minutesPerBin: number): Float64Array {
  const minutes = new Float64Array(values.length * minutesPerBin);
  for (let i = 0; i < minutes.length; i++)
    minutes[i] = values[Math.floor(i / minutesPerBin)]! / minutesPerBin;
  return minutes;
}

/** Only minutes that the trace covers whole are kept at both ends; inside, NaN spreads through the sum by itself. */
function sumUp(trace: Trace, start: Instant): Float64Array {
  const binsPerMinute = MINUTE_MS / trace.stepMs;
  const lead = Math.floor((trace.start - start) / trace.stepMs);
  const minutes = new Float64Array(Math.ceil((trace.values.length + lead) / binsPerMinute));
  for (let i = 0; i < minutes.length; i++) {
    let sum = 0;
    for (let k = 0; k < binsPerMinute; k++) sum += trace.values[i * binsPerMinute + k - lead] ?? Number.NaN;
    minutes[i] = sum;
  }
  return minutes;
}

function checkRegions(regions: readonly TraceRegion[]): void {
  if (regions.length === 0) throw new RangeError("Cannot spread a trace over no regions: name at least one.");
  for (const { region, weight, hoursAhead: ahead } of regions) {
    if (weight > 0 && Number.isFinite(weight) && Number.isFinite(ahead)) continue;
    throw new RangeError(
      `Cannot give region "${region}" weight ${weight} and ${ahead} hours: the weight must be above 0, the hours a number.`,
    );
  }
}
