/**
 * Seeded traffic for several regions: shape × growth × launch, plus the flash crowd, times noise, then counted.
 *
 * One seed gives the same numbers on every machine, and a region's numbers do not depend on the regions beside it: each
 * draws from a stream named after itself. The trap is a shared stream, where one region more would move all the others.
 */
import { DAY_MS, type Instant, MINUTE_MS, WEEK_MS } from "../../core/time.ts";
import { createRandom, type Random } from "../random.ts";
import type { Demand, PoolDemand } from "./demand.ts";
import { drawAppHappenings, drawGaps, flashCrowdShape, type Happening, launchFactor } from "./happenings.ts";
import { localClock } from "./local-clock.ts";
import { correlatedNoise } from "./noise.ts";
import { type Ingredient, ingredientsOf, type Pattern } from "./patterns.ts";
import { DEFAULT_REGIONS, type RegionSpec } from "./regions.ts";
import { dailyShape, weeklyShape } from "./shapes.ts";

export type GenerateOptions = {
  readonly seed: number | string;
  /** Default: iad, fra and syd. */
  readonly regions?: readonly RegionSpec[] | undefined;
  /** A whole minute. */
  readonly start: Instant;
  /** May be a fraction of a day. */
  readonly days: number;
  readonly app: string;
  readonly processGroup: string;
  /** Default: mixed. Several are laid over each other. */
  readonly patterns?: readonly Pattern[] | undefined;
  /** Requests a minute at the peak of an ordinary weekday in a region of weight 1, at the end of any growth. Default 2000. */
  readonly peakRequestsPerMinute?: number | undefined;
  /** Launch, outage and flash crowd come after this instant. Default: the second half. */
  readonly happeningsFrom?: Instant | undefined;
};

const PEAK_REQUESTS_PER_MINUTE = 2000;
const STEADY_LEVEL = 0.6;
const GROWTH_PER_WEEK = 0.05;

/** Minutes of demand for every region. Throws RangeError for a start off the minute, no days, or a weight of 0 or less. */
export function generateDemand(options: GenerateOptions): Demand {
  checkOptions(options);
  const pools = regionsOf(options).map((spec) => generatePool(spec, options));
  return { start: options.start, binMs: 60_000, pools };
}

/** What happens in the demand that the same options generate: the app's happenings, then each region's gaps. */
export function happeningsOf(options: GenerateOptions): Happening[] {
  checkOptions(options);
  return [...appHappenings(options), ...regionsOf(options).flatMap((spec) => gapsOf(spec, options))];
}

function generatePool(spec: RegionSpec, options: GenerateOptions): PoolDemand {
  const { app, processGroup, start } = options;
  const expected = expectedLoad(spec, options);
  const random = regionRandom(spec, options);
  const noise = correlatedNoise(random.fork("noise"));
  const counts = random.fork("counts");
  const requests = new Float64Array(minutesOf(options));
  for (let i = 0; i < requests.length; i++) {
    requests[i] = counts.poisson(expected(start + i * MINUTE_MS) * noise());
  }
  for (const gap of gapsOf(spec, options)) requests.fill(Number.NaN, ...indicesOf(gap, start));
  return { app, processGroup, region: spec.region, requests };
}

/** The load before chance, in requests a minute. */
function expectedLoad(spec: RegionSpec, options: GenerateOptions): (instant: Instant) => number {
  const ingredients = ingredientsOf(patternsOf(options));
  const peak = (options.peakRequestsPerMinute ?? PEAK_REQUESTS_PER_MINUTE) * spec.weight;
  const shape = ordinaryShape(spec, ingredients);
  const end = options.start + minutesOf(options) * MINUTE_MS;
  const growth = ingredients.has("growth") ? Math.log(1 + GROWTH_PER_WEEK) / WEEK_MS : 0;
  const happenings = appHappenings(options);
  const reach = regionRandom(spec, options).fork("reach").between(0.6, 1);
  return (instant) => {
    let load = peak * shape(instant) * Math.exp((instant - end) * growth);
    for (const { kind, from, until, lift } of happenings) {
      if (instant < from || instant >= until) continue;
      if (kind === "outage") return 0;
      if (kind === "launch") load *= launchFactor(instant - from, lift);
      else load += peak * reach * lift * flashCrowdShape((instant - from) / MINUTE_MS);
    }
    return load;
  };
}

function ordinaryShape(spec: RegionSpec, ingredients: ReadonlySet<Ingredient>): (instant: Instant) => number {
  const clock = localClock(spec.timeZone);
  const daily = ingredients.has("daily");
  const weekly = ingredients.has("weekly");
  return (instant) => {
    const local = clock(instant);
    return (daily ? dailyShape(local) : STEADY_LEVEL) * (weekly ? weeklyShape(local) : 1);
  };
}

function appHappenings(options: GenerateOptions): Happening[] {
  const span = spanOf(options);
  const half = span.from + (span.until - span.from) / 2;
  const from = Math.min(Math.max(span.from, options.happeningsFrom ?? half), span.until);
  const random = createRandom(`${options.seed}/${options.app}/happenings`);
  return drawAppHappenings(random, { from, until: span.until }, ingredientsOf(patternsOf(options)));
}

function gapsOf(spec: RegionSpec, options: GenerateOptions): Happening[] {
  if (!ingredientsOf(patternsOf(options)).has("gaps")) return [];
  return drawGaps(regionRandom(spec, options).fork("gaps"), spec.region, spanOf(options));
}

function regionRandom(spec: RegionSpec, options: GenerateOptions): Random {
  return createRandom(`${options.seed}/${options.app}/${options.processGroup}/${spec.region}`);
}

function indicesOf(happening: Happening, start: Instant): [from: number, until: number] {
  return [(happening.from - start) / MINUTE_MS, (happening.until - start) / MINUTE_MS];
}

const regionsOf = (options: GenerateOptions) => options.regions ?? DEFAULT_REGIONS;
const patternsOf = (options: GenerateOptions): readonly Pattern[] => options.patterns ?? ["mixed"];
const minutesOf = (options: GenerateOptions) => Math.round((options.days * DAY_MS) / MINUTE_MS);
const spanOf = (options: GenerateOptions) => ({
  from: options.start,
  until: options.start + minutesOf(options) * MINUTE_MS,
});

function checkOptions(options: GenerateOptions): void {
  if (!Number.isInteger(options.start / MINUTE_MS)) {
    throw new RangeError(`Cannot generate traffic from ${options.start}: the start must be a whole minute.`);
  }
  if (!(options.days > 0 && Number.isFinite(options.days))) {
    throw new RangeError(`Cannot generate ${options.days} days of traffic: ask for a number above 0.`);
  }
  for (const { region, weight } of regionsOf(options)) {
    if (weight > 0 && Number.isFinite(weight)) continue;
    throw new RangeError(
      `Cannot generate traffic for region "${region}" with weight ${weight}: use a number above 0.`,
    );
  }
}
