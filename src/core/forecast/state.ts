/**
 * What a pool's forecaster carries from tick to tick. Everything lives in arrays of numbers beside a handful of scalars, so
 * that a state can be copied, stored and compared without knowing what it means.
 *
 * Mutable on purpose: `update` copies it once and changes the copy in place, a few microseconds a bin.
 */
import { type Instant, MINUTE_MS } from "../time.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";
import { binAt, binsPerDay, type Grid } from "./grid.ts";
import { copyLead, freshLeads, type Lead } from "./lead.ts";
import { copyMemory, emptyMemory, type Memory } from "./memory.ts";
import { copyOutside, type OutsideMemory } from "./outside.ts";
import { copyProfile, emptyProfile, type Profile } from "./profile.ts";
import { DAY_PARTS } from "./spread.ts";

/** The forecaster's pulse: one-bin misses, deviations, and what the next bin is expected to be. All in roots. */
export type Pulse = {
  /** Forecast of the next bin. */
  expected: number;
  /** Mean absolute one-bin miss, and mean absolute deviation from the usual. */
  miss: number;
  deviation: number;
  /** Highest root, fading by a tenth a day. */
  highest: number;
  /** Highest root ever, fading slowly (record.ts). */
  record: number;
  /** Bins in a row that were far off what was expected; bins in a row with the same load, and that load. */
  odd: number;
  sameFor: number;
  lastLoad: number;
  /** The last two roots as they were learned: the profile's smoothing waits for the right neighbour. */
  smooth: number;
  smoother: number;
  /** Of how many independent bins an hour's maximum is one: running mean and count (see peaks.ts). */
  crowding: number;
  peaksSeen: number;
};

export type ForecastState = Grid & {
  /** Bins before this instant are learned. */
  through: Instant;
  readonly memory: Memory;
  readonly profile: Profile;
  readonly missOfDayPart: Float64Array;
  readonly leads: readonly Lead[];
  readonly pulse: Pulse;
  /** Loads of the last bins, as learned: see codec.ts. */
  readonly journal: Float32Array;
  /** What an outside expert said and how it fared; null where none was ever asked. */
  outside: OutsideMemory | null;
};

function freshPulse(): Pulse {
  return {
    expected: 0,
    miss: 0,
    deviation: 0,
    highest: 0,
    record: 0,
    odd: 0,
    sameFor: 0,
    lastLoad: -1,
    smooth: 0,
    smoother: 0,
    crowding: 0,
    peaksSeen: 0,
  };
}

export function emptyState(zone: string, through: Instant, binMs = FORECAST_BIN_MS): ForecastState {
  if (!(binMs >= MINUTE_MS)) throw new RangeError(`A forecast bin of ${binMs} ms is shorter than a minute.`);
  const grid = { zone, binMs };
  return {
    zone,
    binMs,
    through,
    memory: emptyMemory(grid, binAt(grid, through)),
    profile: emptyProfile(binsPerDay(grid)),
    missOfDayPart: new Float64Array(DAY_PARTS),
    leads: freshLeads(grid),
    pulse: freshPulse(),
    journal: new Float32Array(Math.min(288, binsPerDay(grid))).fill(Number.NaN),
    outside: null,
  };
}

/** As a share of the highest root. */
const GRAIN = 0.01;

/** Below this nothing is far: a pool that stood still has no usual miss to compare its first change with. */
export function grainOf({ pulse }: ForecastState): number {
  return GRAIN * pulse.highest;
}

/** Every array of the state in one fixed order, by how finely it must be stored. */
export function arraysOf(state: ForecastState): {
  readonly coarse: readonly Float64Array[];
  readonly fine: readonly Float64Array[];
  readonly counts: readonly Uint8Array[];
} {
  const { memory, profile, leads } = state;
  return {
    coarse: [memory.roots, ...memory.tracks, profile.day, profile.kind, profile.week],
    fine: [
      profile.misses,
      profile.shares,
      state.missOfDayPart,
      ...leads.flatMap((lead) => [
        lead.sums.gram,
        lead.sums.moment,
        lead.weights,
        lead.misses,
        lead.lately,
        lead.shares,
        lead.spread.sums.gram,
        lead.spread.sums.moment,
        lead.spread.weights,
        lead.errors,
        lead.tally,
      ]),
    ],
    counts: [profile.dayCount, profile.kindCount, profile.weekCount],
  };
}

/**
 * A state of its own: no array is shared. Every part is written out, not spread: objects that are made the same way have
 * the same shape, and what learns and forecasts is compiled for that.
 */
export function copyState(state: ForecastState): ForecastState {
  return {
    zone: state.zone,
    binMs: state.binMs,
    through: state.through,
    memory: copyMemory(state.memory),
    profile: copyProfile(state.profile),
    missOfDayPart: state.missOfDayPart.slice(),
    leads: state.leads.map(copyLead),
    pulse: Object.assign(freshPulse(), state.pulse),
    journal: state.journal.slice(),
    outside: copyOutside(state.outside),
  };
}
