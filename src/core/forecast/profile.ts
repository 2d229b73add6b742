/**
 * The usual week, three times over: a usual day (every day alike), a usual day of its kind (Monday to Friday, weekend),
 * a usual week (every slot for itself). The finer one knows more and learns slower. Which one to believe is not set but
 * measured: each is asked for every bin before it learns it, and the shares follow the sixth power of how much less it
 * missed by than the others, over about three days. All values are cube roots of load.
 *
 * A slot learns the mean of itself and its two neighbours (¼ ½ ¼), one bin late, when the right neighbour is known.
 *
 * The trap: a slot is learned only after it has passed, so within a day's lead the profile of a bin to come never holds
 * that bin itself; what is measured on past bins is what will be met on new ones.
 */
import { type Instant, WEEK_MS } from "../time.ts";
import { timeOfWeekMs } from "../zone.ts";
import { FORECAST_BIN_MS } from "./forecast.ts";
import { copiesOf } from "./room.ts";
import { loadOf } from "./root.ts";

/** Of the product's own bins. */
export const WEEK_SLOTS = WEEK_MS / FORECAST_BIN_MS;

const DAY_RATE = 0.2;
const WEEK_RATE = 0.25;
/** Days over which misses are remembered with half their weight. */
const MISS_HALF_LIFE_DAYS = 3;
const COUNT_LIMIT = 255;

/** Mutable on purpose: copied once a tick, then changed in place. */
export type Profile = {
  readonly day: Float64Array;
  /** Two days: first of weekdays, then of weekends. */
  readonly kind: Float64Array;
  readonly week: Float64Array;
  /** How often each slot was learned. */
  readonly dayCount: Uint8Array;
  readonly kindCount: Uint8Array;
  readonly weekCount: Uint8Array;
  /** Decayed sums of absolute misses of day, kind and week, and the shares that follow from them. */
  readonly misses: Float64Array;
  readonly shares: Float64Array;
  /** Running mean of all roots, and how many there were. */
  overallRoot: number;
  overallCount: number;
};

export function emptyProfile(perDay: number): Profile {
  return {
    day: new Float64Array(perDay),
    kind: new Float64Array(2 * perDay),
    week: new Float64Array(7 * perDay),
    dayCount: new Uint8Array(perDay),
    kindCount: new Uint8Array(2 * perDay),
    weekCount: new Uint8Array(7 * perDay),
    misses: new Float64Array(3),
    shares: new Float64Array(3).fill(1 / 3),
    overallRoot: 0,
    overallCount: 0,
  };
}

export function copyProfile(profile: Profile): Profile {
  const { overallRoot, overallCount } = profile;
  const numbers = [profile.day, profile.kind, profile.week, profile.misses, profile.shares];
  const [day, kind, week, misses, shares] = copiesOf(numbers);
  return {
    day: day!,
    kind: kind!,
    week: week!,
    dayCount: profile.dayCount.slice(),
    kindCount: profile.kindCount.slice(),
    weekCount: profile.weekCount.slice(),
    misses: misses!,
    shares: shares!,
    overallRoot,
    overallCount,
  };
}

/** Slot of the local week, of the product's bins, that holds `instant`: in [0, WEEK_SLOTS). */
export function weekSlot(zone: string, instant: Instant): number {
  return Math.floor(timeOfWeekMs(zone, instant) / FORECAST_BIN_MS);
}

/** The usual load of a slot of the local week: requests a minute, where that is what was learned. */
export function usualLoad(profile: Profile, slot: number): number {
  return loadOf(usualRoot(profile, slot));
}

/** How often the slot itself was seen: about the number of weeks of history. */
export function weeksSeen(profile: Profile, slot: number): number {
  return profile.weekCount[slot]!;
}

export function usualRoot(profile: Profile, slot: number): number {
  const { shares } = profile;
  const daily = dailyRoot(profile, slot);
  const kind = kindRoot(profile, slot, daily);
  return shares[0]! * daily + shares[1]! * kind + shares[2]! * weeklyRoot(profile, slot, kind);
}

/** The usual day alone. */
export function dailyRoot({ day, dayCount, overallRoot }: Profile, slot: number): number {
  const ofDay = slot % day.length;
  return dayCount[ofDay]! > 0 ? day[ofDay]! : overallRoot;
}

/** The usual week alone, or `otherwise` where this slot of the week was never seen. */
export function weeklyRoot({ week, weekCount }: Profile, slot: number, otherwise: number): number {
  return weekCount[slot]! > 0 ? week[slot]! : otherwise;
}

function kindRoot({ kind, kindCount, day }: Profile, slot: number, otherwise: number): number {
  const ofKind = kindSlot(slot, day.length);
  return kindCount[ofKind]! > 0 ? kind[ofKind]! : otherwise;
}

/** Judges the three by a bin that none of them has learned yet. */
export function judgeProfile(profile: Profile, slot: number, root: number): void {
  const { misses, shares, day } = profile;
  const kept = 1 - Math.LN2 / (MISS_HALF_LIFE_DAYS * day.length);
  const daily = dailyRoot(profile, slot);
  const kind = kindRoot(profile, slot, daily);
  misses[0] = misses[0]! * kept + Math.abs(root - daily);
  misses[1] = misses[1]! * kept + Math.abs(root - kind);
  misses[2] = misses[2]! * kept + Math.abs(root - weeklyRoot(profile, slot, kind));
  const tiny = 1e-9;
  const least = Math.min(misses[0]!, misses[1]!, misses[2]!) + tiny;
  let sum = 0;
  for (let i = 0; i < 3; i++) {
    const better = (least / (misses[i]! + tiny)) ** 2;
    shares[i] = better * better * better;
    sum += shares[i]!;
  }
  for (let i = 0; i < 3; i++) shares[i]! /= sum;
}

export function learnSlot(profile: Profile, slot: number, smoothRoot: number): void {
  const perDay = profile.day.length;
  blend(profile.day, profile.dayCount, slot % perDay, smoothRoot, DAY_RATE);
  blend(profile.kind, profile.kindCount, kindSlot(slot, perDay), smoothRoot, DAY_RATE);
  blend(profile.week, profile.weekCount, slot, smoothRoot, WEEK_RATE);
}

/** Half of the overall mean is at most a day and a half old. */
export function learnOverall(profile: Profile, root: number): void {
  const rate = Math.max(1 / (profile.overallCount + 1), 1 / (2 * profile.day.length));
  profile.overallRoot += (root - profile.overallRoot) * rate;
  profile.overallCount += 1;
}

function kindSlot(slot: number, perDay: number): number {
  return (slot >= 5 * perDay ? perDay : 0) + (slot % perDay);
}

function blend(roots: Float64Array, counts: Uint8Array, slot: number, root: number, rate: number): void {
  const count = counts[slot]!;
  roots[slot]! += (root - roots[slot]!) * Math.max(1 / (count + 1), rate);
  if (count < COUNT_LIMIT) counts[slot] = count + 1;
}
