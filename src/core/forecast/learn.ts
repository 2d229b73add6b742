/**
 * One bin's load into the state. The order is the whole point: first every forecast that would have been made of this
 * bin is judged (resolve.ts), and only then do profile and running means learn the bin itself. No forecast is judged by
 * what it was told.
 *
 * One bin that is far off counts as no more than twelve usual misses until the next confirms it; slow memories (six
 * hours, a day, yesterday, the profile) never see more than five usual deviations at once (winsorising, after Tukey
 * 1962). So a single minute of a hundred times the load is over when it is over, and an outage is not tomorrow's night.
 *
 * The trap is the gap: it teaches nothing. Running means stay, and what is known of today fades from the deviations.
 */
import { judge } from "./anomaly.ts";
import { placeOf } from "./grid.ts";
import { forgetFirstDay } from "./lead.ts";
import {
  DEV,
  DEV_1D,
  DEV_1H,
  DEV_6H,
  DEV_15M,
  followTrack,
  LEVEL_1H,
  LEVEL_15M,
  MISS_1D,
  MISS_1H,
  rememberRoot,
  rootAt,
  trackRates,
} from "./memory.ts";
import { freshDesk, mix } from "./mixture.ts";
import { judgeOutside } from "./outside.ts";
import { learnPeak } from "./peaks.ts";
import { judgeProfile, learnOverall, learnSlot, usualRoot } from "./profile.ts";
import { learnRecord } from "./record.ts";
import { resolve, settle } from "./resolve.ts";
import { rootOf } from "./root.ts";
import { DAY_PARTS, dayPart } from "./spread.ts";
import { type ForecastState, grainOf } from "./state.ts";

const FAST = [DEV, DEV_15M, DEV_1H] as const;
const SLOW = [DEV_6H, DEV_1D] as const;
const LEVELS = [LEVEL_15M, LEVEL_1H] as const;
const MISSES = [MISS_1H, MISS_1D] as const;
const STAYING = [...LEVELS, ...MISSES] as const;

/** So many bins make a first opinion. */
const FEW_BINS = 3;
const DEVIATIONS_LEARNED = 5;
const MISSES_BELIEVED = 12;
const MISSES_COUNTED = 8;
/** The usual miss of a half-hour of the day moves by this share of a new day's. */
const DAY_PART_RATE = 0.15;
const HIGHEST_LOST_PER_DAY = 0.1;

/** A learner for bins in ascending order. Hand in NaN for a load that was not measured or must not be learned. */
export function learner(state: ForecastState): (bin: number, load: number) => void {
  const { memory, pulse, profile, leads } = state;
  const desk = freshDesk();
  const rates = trackRates(state);
  const perDay = profile.day.length;
  let here = placeOf(state, memory.last + 1);
  let slotBefore = placeOf(state, memory.last).slot;

  return (bin, load) => {
    memory.last = bin;
    if (Number.isNaN(load)) {
      passGap(state, rates, bin);
      return;
    }
    const place = here.bin === bin ? here : placeOf(state, bin);
    const root = rootOf(load);
    if (profile.overallCount === 0) profile.overallRoot = root;
    rememberRoot(memory, bin, root);
    const usual = usualRoot(profile, place.slot);
    if (profile.overallCount > FEW_BINS) {
      resolve(state, desk, bin, place, root);
      judgeOutside(state, desk, bin, root);
      learnPeak(state, desk, bin);
    }
    learnRecord(state, root);
    followMisses(state, rates, bin, dayPart(place, perDay), root, usual);
    const slow = usual + followLevels(state, rates, bin, root, usual, load);
    learnOverall(profile, root);
    judgeProfile(profile, place.slot, root);
    learnSmoothed(state, bin, slotBefore, slow);
    if (profile.overallCount === perDay) for (const lead of leads) forgetFirstDay(lead);
    settle(state, bin);
    slotBefore = place.slot;
    here = placeOf(state, bin + 1);
    pulse.expected = mix(state, desk, leads[0]!, here, bin);
  };
}

function passGap({ memory }: ForecastState, rates: readonly number[], bin: number): void {
  rememberRoot(memory, bin, Number.NaN);
  for (const track of FAST) followTrack(memory, track, bin, 0, rates[DEV_6H]! / 2);
  for (const track of SLOW) followTrack(memory, track, bin, 0, rates[track]! / 2);
  for (const track of STAYING) followTrack(memory, track, bin, 0, 0);
}

/** How far one-bin forecasts miss: overall, at this time of day, of late. */
function followMisses(
  state: ForecastState,
  rates: readonly number[],
  bin: number,
  part: number,
  root: number,
  usual: number,
): void {
  const { memory, pulse, missOfDayPart, profile } = state;
  const { overallCount: seen, day } = profile;
  const miss = Math.abs(root - (seen > FEW_BINS ? pulse.expected : usual));
  const size = pulse.miss > 0 ? Math.min(miss, MISSES_COUNTED * Math.max(pulse.miss, grainOf(state))) : miss;
  pulse.miss += (size - pulse.miss) * Math.max(1 / (seen + 1), 1 / (7 * day.length));
  if (seen <= day.length) missOfDayPart.fill(pulse.miss);
  else missOfDayPart[part]! += (size - missOfDayPart[part]!) * ((DAY_PART_RATE * DAY_PARTS) / day.length);
  for (const track of MISSES) followTrack(memory, track, bin, size, seen === 0 ? 1 : rates[track]!);
}

/** Running means of deviation and level. @returns the deviation that slow memories may see. */
function followLevels(
  state: ForecastState,
  rates: readonly number[],
  bin: number,
  root: number,
  usual: number,
  load: number,
): number {
  const { memory, pulse, profile } = state;
  const { overallCount: seen, day } = profile;
  const grain = grainOf(state);
  const firstDay = seen <= day.length;
  const farSlow = firstDay ? Number.POSITIVE_INFINITY : DEVIATIONS_LEARNED * Math.max(pulse.deviation, grain);
  const farFast = firstDay ? Number.POSITIVE_INFINITY : MISSES_BELIEVED * Math.max(pulse.miss, grain);
  const slow = Math.min(farSlow, Math.max(-farSlow, root - usual));
  const fast = judge(pulse, root, load, farFast) - usual;
  // Of what is believed: taken from the root itself, one absurd bin would lift the very limits that hold it.
  pulse.highest = Math.max(usual + fast, pulse.highest * (1 - HIGHEST_LOST_PER_DAY / day.length));
  pulse.deviation += (Math.abs(slow) - pulse.deviation) * Math.max(1 / (seen + 1), 1 / (3 * day.length));
  for (const track of FAST) followTrack(memory, track, bin, fast, rates[track]!);
  for (const track of SLOW) followTrack(memory, track, bin, slow, rates[track]!);
  for (const track of LEVELS) followTrack(memory, track, bin, usual + fast, seen === 0 ? 1 : rates[track]!);
  rememberRoot(memory, bin, usual + slow);
  return slow;
}

/** The slot before learns now that its right neighbour is known. */
function learnSmoothed(
  { memory, profile, pulse }: ForecastState,
  bin: number,
  slot: number,
  root: number,
): void {
  const known = !Number.isNaN(rootAt(memory, bin - 1));
  if (known) learnSlot(profile, slot, 0.25 * pulse.smoother + 0.5 * pulse.smooth + 0.25 * root);
  pulse.smoother = known ? pulse.smooth : root;
  pulse.smooth = root;
}
