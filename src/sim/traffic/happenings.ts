/**
 * What breaks the ordinary week: a flash crowd (minutes), a launch (a step that wears off to a higher level), an outage
 * (nobody is served: true zeros, recorded) and gaps (the recording failed: nothing is known).
 *
 * When they happen is drawn for the app, not for a region: the same link is shared everywhere. How hard they hit and
 * where recording fails is drawn for each region from its own stream, so regions can be generated one at a time.
 */
import { DAY_MS, floorTo, HOUR_MS, type Instant, MINUTE_MS } from "../../core/time.ts";
import type { Random } from "../random.ts";
import type { Ingredient } from "./patterns.ts";

export type Happening = {
  readonly kind: "flash-crowd" | "launch" | "outage" | "gap";
  /** Null: the whole app, every region. */
  readonly region: string | null;
  readonly from: Instant;
  readonly until: Instant;
  /** Flash crowd: requests added, against the region's ordinary peak. Launch: share added to the load. Else 0. */
  readonly lift: number;
};

export type Span = { readonly from: Instant; readonly until: Instant };

const FLASH = { riseMinutes: 3, holdMinutes: 8, decayMinutes: 15, lastsMinutes: 100 } as const;
const LAUNCH_DECAY_MS = 2 * DAY_MS;
const LAUNCH_KEPT_SHARE = 0.3;
const DAYS_PER_GAP = 5;

/** Draws the app's flash crowd, launch and outage, at most one of each, in this order: launch, outage, flash crowd. */
export function drawAppHappenings(
  random: Random,
  span: Span,
  ingredients: ReadonlySet<Ingredient>,
): Happening[] {
  const at = (label: string, lo: number, hi: number) => {
    const share = random.fork(label).between(lo, hi);
    return floorTo(span.from + share * (span.until - span.from), MINUTE_MS);
  };
  const lift = (label: string, lo: number, hi: number) => random.fork(`${label} lift`).between(lo, hi);
  const made: Happening[] = [];
  if (ingredients.has("launch")) {
    const launch = { from: at("launch", 0.1, 0.3), until: span.until, lift: lift("launch", 0.3, 0.4) };
    made.push({ kind: "launch", region: null, ...launch });
  }
  if (ingredients.has("outage")) {
    const from = at("outage", 0.4, 0.55);
    made.push({ kind: "outage", region: null, from, until: from + outageMs(random, span), lift: 0 });
  }
  if (ingredients.has("flash-crowd")) {
    const from = at("flash-crowd", 0.65, 0.85);
    const until = Math.min(span.until, from + FLASH.lastsMinutes * MINUTE_MS);
    made.push({ kind: "flash-crowd", region: null, from, until, lift: lift("flash-crowd", 0.8, 1) });
  }
  return made;
}

/** Draws the stretches of a few minutes to two hours in which one region's load is not recorded, one in five days. */
export function drawGaps(random: Random, region: string, span: Span): Happening[] {
  const lengthMs = span.until - span.from;
  const count = Math.max(1, Math.round(lengthMs / DAY_MS / DAYS_PER_GAP));
  return Array.from({ length: count }, (_, index): Happening => {
    const minutes = Math.min(random.int(4, 120), Math.max(1, Math.floor(lengthMs / MINUTE_MS / 10)));
    const share = (index + random.between(0.05, 0.85)) / count;
    const from = floorTo(span.from + share * lengthMs, MINUTE_MS);
    return { kind: "gap", region, from, until: Math.min(span.until, from + minutes * MINUTE_MS), lift: 0 };
  });
}

/** Requests that a flash crowd adds, against its height: 0 to 1, up in three minutes, gone in about an hour. */
export function flashCrowdShape(minutesIn: number): number {
  if (minutesIn < 0 || minutesIn >= FLASH.lastsMinutes) return 0;
  if (minutesIn < FLASH.riseMinutes) return (minutesIn + 1) / (FLASH.riseMinutes + 1);
  const over = minutesIn - FLASH.riseMinutes - FLASH.holdMinutes;
  return over <= 0 ? 1 : Math.exp(-over / FLASH.decayMinutes);
}

/** What a launch multiplies the load with: 1 before, 1 + lift at once, wearing off to a lasting third of the lift. */
export function launchFactor(sinceMs: number, lift: number): number {
  if (sinceMs < 0) return 1;
  return 1 + lift * (LAUNCH_KEPT_SHARE + (1 - LAUNCH_KEPT_SHARE) * Math.exp(-sinceMs / LAUNCH_DECAY_MS));
}

function outageMs(random: Random, span: Span): number {
  const wanted = random.fork("outage length").int(20, 45) * MINUTE_MS;
  const most = floorTo((span.until - span.from) / 10, MINUTE_MS);
  return Math.max(MINUTE_MS, Math.min(wanted, most, HOUR_MS));
}
