/**
 * State at rest, as databases keep theirs: a checkpoint and a journal. The cold part is the whole state (≈ 38 KB), saved
 * at most hourly; the hot part is the loads of the last day of bins (≈ 1.5 KB), saved at every tick. Reading takes the
 * checkpoint and learns from the journal what came after it: a dozen bins, a few microseconds each, and the result is
 * the state that was. A checkpoint older than the journal reaches back is still good: `through` says from when on the
 * samples are wanted again.
 *
 * Roots and running means are stored in 16 bits (pack.ts), sums and weights in 32, counts as runs. What is read back forecasts
 * within a thousandth of what was written; of bins narrower than five minutes less is kept (thin.ts).
 *
 * The trap is the journal that is cut off or ends elsewhere: what is learned twice, or in another order, is another state.
 */
import type { FleetWatch } from "../capacity/fleet-watch.ts";
import type { CapacityState } from "../capacity/learn-capacity.ts";
import type { ServiceLedger } from "../service-ledger.ts";
import type { Instant } from "../time.ts";
import { bytesOf, toBase64 } from "./base64.ts";
import { binAt } from "./grid.ts";
import { learner } from "./learn.ts";
import { decodeOutside, encodeOutside, type StoredOutside } from "./outside-codec.ts";
import { apart, fromSteps, inOne, lengthOf, scalesOf, toSteps } from "./pack.ts";
import { fromRuns, toRuns } from "./runs.ts";
import { arraysOf, emptyState, type ForecastState, type Pulse } from "./state.ts";
import { atRest, emptyRest, wake } from "./thin.ts";

const VERSION = 4;

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
  const { coarse, counts } = atRest(state);
  const { fine } = arraysOf(state);
  const scales = scalesOf(coarse);
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
    coarse: toBase64(toSteps(coarse, scales)),
    fine: toBase64(inOne(fine, new Float32Array(lengthOf(fine)))),
    counts: toBase64(toRuns(inOne(counts, new Uint8Array(lengthOf(counts))))),
    ...(capacity && { capacity: inFourDigits(capacity) }),
  };
}

/** The state that was stored, or null where it is of another version or damaged and must be rebuilt from samples. */
export function decodeState(stored: StoredState | null): ForecastState | null {
  return decode(stored, replay);
}

/** The state as its checkpoint stood: for samples that came too late for the journal, and are learned in its place. */
export function decodeCheckpoint(stored: StoredState | null): ForecastState | null {
  return decode(stored, keepJournalBefore);
}

type Continue = (state: ForecastState, loads: Float32Array, end: number) => void;

function decode(stored: StoredState | null, goOn: Continue): ForecastState | null {
  if (stored === null) return null;
  const { hot, cold } = stored;
  if (hot.version !== VERSION || cold.version !== VERSION) return null;
  if (hot.zone !== cold.zone || hot.binMs !== cold.binMs) return null;
  try {
    const state = decodeCold(cold);
    if (state === null) return null;
    const loads = new Float32Array(bytesOf(hot.journal).buffer);
    if (loads.length !== state.journal.length) throw new RangeError("The journal is cut off.");
    const end = binAt(state, hot.through);
    goOn(state, loads, end);
    state.outside = decodeOutside(hot.outside, end, state.leads.length);
    return state;
  } catch {
    return null;
  }
}

function decodeCold(cold: ColdState): ForecastState | null {
  const state = emptyState(cold.zone, cold.through, cold.binMs);
  Object.assign(state.memory, { first: cold.first, last: binAt(state, cold.through) - 1 });
  const rest = emptyRest(state);
  const { coarse, counts } = rest;
  const scales = new Float32Array(bytesOf(cold.scales).buffer);
  const whole =
    fromSteps(new Int16Array(bytesOf(cold.coarse).buffer), scales, coarse) &&
    apart(new Float32Array(bytesOf(cold.fine).buffer), arraysOf(state).fine) &&
    apart(fromRuns(bytesOf(cold.counts)), counts);
  if (!whole) return null;
  wake(state, rest);
  Object.assign(state.pulse, cold.pulse);
  Object.assign(state.profile, { overallRoot: cold.overallRoot, overallCount: cold.overallCount });
  return state;
}

/** Learns the bins that the checkpoint does not know, where the journal has all of them. */
function replay(state: ForecastState, loads: Float32Array, end: number): void {
  const start = binAt(state, state.through);
  if (end - start > loads.length) return;
  keepJournal(state, loads, end, end);
  const learn = learner(state);
  for (let bin = start; bin < end; bin++) learn(bin, loads[bin - end + loads.length]!);
  state.through = Math.max(state.through, end * state.binMs);
}

function keepJournalBefore(state: ForecastState, loads: Float32Array, end: number): void {
  keepJournal(state, loads, end, binAt(state, state.through));
}

/** The journal's loads before the bin `until`, each at its place in the ring; they end with the one before `end`. */
function keepJournal({ journal }: ForecastState, loads: Float32Array, end: number, until: number): void {
  const { length } = journal;
  for (let bin = end - length; bin < Math.min(end, until); bin++)
    journal[((bin % length) + length) % length] = loads[bin - end + length]!;
}
