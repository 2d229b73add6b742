/**
 * What a usual week looks like: the mean load of each 5-minute slot of the local week, with a usual day and a usual
 * level behind it for as long as a slot was seen too seldom.
 *
 * A slot seen n times is trusted n²/(n²+1); the rest comes from the day's slot, and what that lacks from the overall
 * mean. So the first day is flat, the second repeats half of the first, and weekdays part from weekends in the second week.
 * Means forget: a new value never weighs less than a fixed rate, so a habit that changed is relearned in about four weeks.
 */
import { DAY_MS, type Instant, WEEK_MS } from "../time.ts";
import { timeOfWeekMs } from "../zone.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";

export const WEEK_SLOTS = WEEK_MS / FORECAST_BIN_MS;
export const DAY_SLOTS = DAY_MS / FORECAST_BIN_MS;

const WEEK_RATE = 0.3;
const DAY_RATE = 0.15;
const OVERALL_RATE = 1 / (2 * DAY_SLOTS);
const COUNT_LIMIT = 255;
/** Slots beside the asked one that steady a slot seen few times: weights of the one before, the slot, the one after. */
const NEIGHBOURS = [
  [-1, 0.25],
  [0, 0.5],
  [1, 0.25],
] as const;

/** Mutable on purpose: it is rebuilt or copied once a tick, then changed in place by `learnLoad`. */
export type Profile = {
  readonly weekLoad: Float32Array;
  readonly weekCount: Uint8Array;
  readonly dayLoad: Float32Array;
  readonly dayCount: Uint8Array;
  overallLoad: number;
  overallCount: number;
};

export function emptyProfile(): Profile {
  return {
    weekLoad: new Float32Array(WEEK_SLOTS),
    weekCount: new Uint8Array(WEEK_SLOTS),
    dayLoad: new Float32Array(DAY_SLOTS),
    dayCount: new Uint8Array(DAY_SLOTS),
    overallLoad: 0,
    overallCount: 0,
  };
}

export function copyProfile(profile: Profile): Profile {
  return {
    ...profile,
    weekLoad: profile.weekLoad.slice(),
    weekCount: profile.weekCount.slice(),
    dayLoad: profile.dayLoad.slice(),
    dayCount: profile.dayCount.slice(),
  };
}

/** Slot of the local week that holds `instant`, in [0, WEEK_SLOTS). */
export function weekSlot(zone: string, instant: Instant): number {
  return Math.floor(timeOfWeekMs(zone, instant) / FORECAST_BIN_MS);
}

/** Takes one bin's load (requests a minute) into the usual week, day and level. */
export function learnLoad(profile: Profile, slot: number, load: number): void {
  blendInto(profile.weekLoad, profile.weekCount, slot, load, WEEK_RATE);
  blendInto(profile.dayLoad, profile.dayCount, slot % DAY_SLOTS, load, DAY_RATE);
  profile.overallLoad +=
    (load - profile.overallLoad) * Math.max(1 / (profile.overallCount + 1), OVERALL_RATE);
  profile.overallCount += 1;
}

/** The usual load of a slot of the local week, in requests a minute. */
export function usualLoad(profile: Profile, slot: number): number {
  let load = 0;
  for (const [offset, weight] of NEIGHBOURS) {
    load += weight * slotLoad(profile, (slot + offset + WEEK_SLOTS) % WEEK_SLOTS);
  }
  return load;
}

/** How often the slot itself was seen: about the number of weeks of history. */
export function weeksSeen(profile: Profile, slot: number): number {
  return profile.weekCount[slot]!;
}

function slotLoad(profile: Profile, slot: number): number {
  const day = slot % DAY_SLOTS;
  const daily = towards(profile.overallLoad, profile.dayLoad[day]!, profile.dayCount[day]!);
  return towards(daily, profile.weekLoad[slot]!, profile.weekCount[slot]!);
}

function towards(fallback: number, learned: number, count: number): number {
  const seen = count * count;
  return fallback + (learned - fallback) * (seen / (seen + 1));
}

function blendInto(loads: Float32Array, counts: Uint8Array, slot: number, load: number, rate: number): void {
  const count = counts[slot]!;
  loads[slot]! += (load - loads[slot]!) * Math.max(1 / (count + 1), rate);
  if (count < COUNT_LIMIT) counts[slot] = count + 1;
}
