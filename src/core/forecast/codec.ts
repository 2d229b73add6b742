/**
 * State at rest, as databases keep theirs: a checkpoint and a journal. The cold part is the whole state (≈ 40 KB), saved
 * at most hourly; the hot part is the loads of the last day of bins (≈ 1.5 KB), saved at every tick. Reading takes the
 * checkpoint and learns from the journal what came after it: a dozen bins, a few microseconds each, and the result is
 * the state that was. A checkpoint older than the journal reaches back is still good: `through` says from when on the
 * samples are wanted again.
 *
 * Roots and running means are stored in 16 bits, in steps of 1/32767 of the largest of their array; sums and weights in
 * 32 bits. What is read back forecasts within a thousandth of what was written.
 *
 * The trap is NaN, which JSON turns into null: a gap is the one 16-bit number that no root uses.
 */
import type { FleetWatch } from "../capacity/fleet-watch.ts";
import type { CapacityState } from "../capacity/learn-capacity.ts";
import type { ServiceLedger } from "../service-ledger.ts";
import type { Instant } from "../time.ts";
import { bytesOf, toBase64 } from "./base64.ts";
import { binAt } from "./grid.ts";
import { learner } from "./learn.ts";
import { decodeOutside, encodeOutside, type StoredOutside } from "./outside-codec.ts";
import { arraysOf, emptyState, type ForecastState, type Pulse } from "./state.ts";

const VERSION = 3;
const STEPS = 32_767;
const GAP = -32_768;

/** JSON values, ready to be stored. */
export type StoredState = { readonly hot: HotState; readonly cold: ColdState };
export type HotState = {
  version: number;
  zone: string;
  binMs: number;
  /** Bins before this were learned when it was written. */
  through: Instant;
  /** The promise's books travel with the state: they too change at every tick. */
  ledger?: ServiceLedger;
  /** What served since the capacity was last saved; absent where no signal was ever measured. */
  watch?: FleetWatch;
  /** float32 loads of the bins before it, the newest last; NaN where none was learned. */
  journal: string;
  /** Absent where no outside expert was ever asked. */
  outside?: StoredOutside;
};
export type ColdState = {
  version: number;
  zone: string;
  binMs: number;
  through: Instant;
  first: number;
  overallRoot: number;
  overallCount: number;
  pulse: Pulse;
  scales: string;
  coarse: string;
  fine: string;
  counts: string;
  /** What machines of each size looked like under load; absent where no signal was ever measured. */
  capacity?: CapacityState;
};

export function encodeState(state: ForecastState, ledger: ServiceLedger | null = null): StoredState {
  return { hot: encodeHot(state, ledger), cold: encodeCold(state) };
}

export function encodeHot(
  state: ForecastState,
  ledger: ServiceLedger | null = null,
  watch: FleetWatch | null = null,
): HotState {
  const { zone, binMs, through, journal, outside } = state;
  const end = binAt(state, through);
  const loads = journal.map((_, i) => journal[(end + i) % journal.length]!);
  return {
    version: VERSION,
    zone,
    binMs,
    through,
    journal: toBase64(loads),
    ...(ledger && { ledger }),
    ...(watch && { watch }),
    ...(outside && { outside: encodeOutside(outside, end) }),
  };
}

/** What is learned of capacity is never known better. Whole numbers, instants among them, stay as they are. */
function inFourDigits<T>(value: T): T {
  const brief = (_: string, part: unknown) =>
    typeof part === "number" && !Number.isInteger(part) ? Number(part.toPrecision(4)) : part;
  return JSON.parse(JSON.stringify(value, brief));
}

export function encodeCold(state: ForecastState, capacity: CapacityState | null = null): ColdState {
  const { zone, binMs, through, memory, profile, pulse } = state;
  const { coarse, fine, counts } = arraysOf(state);
  const scales = Float32Array.from(coarse, scaleOf);
  return {
    version: VERSION,
    zone,
    binMs,
    through,
    first: memory.first,
    overallRoot: profile.overallRoot,
    overallCount: profile.overallCount,
    pulse: { ...pulse },
    scales: toBase64(scales),
    coarse: toBase64(Int16Array.from(coarse.flatMap((array, i) => stepsOf(array, scales[i]!)))),
    fine: toBase64(Float32Array.from(fine.flatMap((array) => [...array]))),
    counts: toBase64(Uint8Array.from(counts.flatMap((array) => [...array]))),
    ...(capacity && { capacity: inFourDigits(capacity) }),
  };
}

/** The state that was stored, or null where it is of another version or damaged and must be rebuilt from samples. */
export function decodeState(stored: StoredState | null): ForecastState | null {
  if (stored === null) return null;
  const { hot, cold } = stored;
  if (hot.version !== VERSION || cold.version !== VERSION) return null;
  if (hot.zone !== cold.zone || hot.binMs !== cold.binMs) return null;
  try {
    const state = decodeCold(cold);
    if (state === null) return null;
    replay(state, hot);
    state.outside = decodeOutside(hot.outside, binAt(state, hot.through), state.leads.length);
    return state;
  } catch {
    return null;
  }
}

function decodeCold(cold: ColdState): ForecastState | null {
  const state = emptyState(cold.zone, cold.through, cold.binMs);
  const { coarse, fine, counts } = arraysOf(state);
  const scales = new Float32Array(bytesOf(cold.scales).buffer);
  const whole =
    spread(new Int16Array(bytesOf(cold.coarse).buffer), coarse) &&
    spread(new Float32Array(bytesOf(cold.fine).buffer), fine) &&
    spread(bytesOf(cold.counts), counts);
  if (!whole) return null;
  coarse.forEach((array, i) => {
    scaleUp(array, scales[i]!);
  });
  Object.assign(state.pulse, cold.pulse);
  Object.assign(state.memory, { first: cold.first, last: binAt(state, cold.through) - 1 });
  Object.assign(state.profile, { overallRoot: cold.overallRoot, overallCount: cold.overallCount });
  return state;
}

/** Learns the bins that the checkpoint does not know, where the journal has all of them. */
function replay(state: ForecastState, hot: HotState): void {
  const loads = new Float32Array(bytesOf(hot.journal).buffer);
  if (loads.length !== state.journal.length) throw new RangeError("The journal is cut off.");
  const end = binAt(state, hot.through);
  loads.forEach((load, i) => {
    const bin = end - loads.length + i;
    state.journal[((bin % loads.length) + loads.length) % loads.length] = load;
  });
  const start = binAt(state, state.through);
  if (end - start > loads.length) return;
  const learn = learner(state);
  for (let bin = start; bin < end; bin++) learn(bin, loads[bin - end + loads.length]!);
  state.through = Math.max(state.through, hot.through);
}

/** Cuts `from` into the arrays; false where it has not as many numbers as they. */
function spread<A extends Float64Array | Uint8Array>(
  from: Int16Array | Float32Array | Uint8Array,
  to: readonly A[],
): boolean {
  if (from.length !== to.reduce((sum, array) => sum + array.length, 0)) return false;
  let next = 0;
  for (const array of to) {
    array.set(from.subarray(next, next + array.length));
    next += array.length;
  }
  return true;
}

function scaleUp(array: Float64Array, scale: number): void {
  for (let i = 0; i < array.length; i++) array[i] = array[i] === GAP ? Number.NaN : array[i]! * scale;
}

function scaleOf(array: Float64Array): number {
  let largest = 0;
  for (const value of array) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest / STEPS;
}

function stepsOf(array: Float64Array, scale: number): number[] {
  return Array.from(array, (value) => {
    if (Number.isNaN(value)) return GAP;
    return scale === 0 ? 0 : Math.max(-STEPS, Math.min(STEPS, Math.round(value / scale)));
  });
}
