/**
 * What the pictures tell: four weeks of seeded traffic of one region, then an hour or a day in which a forecaster shows what it
 * is worth. The generator makes the ordinary weeks; what is special is laid over them here.
 */
import { FORECAST_BIN_MS } from "../../src/core/forecast/forecast.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { peakBetween, type TrafficSeries } from "../../src/core/traffic.ts";
import { zoneOffsetMs } from "../../src/core/zone.ts";
import { generateDemand } from "../../src/sim/traffic/generate.ts";
import { regionSpecs } from "../../src/sim/traffic/regions.ts";

export const ZONE = "Europe/Berlin";
const HISTORY_DAYS = 28;
const DAYS = HISTORY_DAYS + 3;
/** Monday, 0 o'clock in Berlin. */
const START = Date.UTC(2026, 4, 3, 22);
/** The Monday after the four weeks. */
const MONDAY = START + HISTORY_DAYS * DAY_MS;

export type Story = {
  /** Of the file. */
  readonly name: string;
  readonly title: string;
  /** What is seen, in a sentence, for those who cannot see it. */
  readonly says: string;
  /** Minutes; the forecaster is fed them as they come. */
  readonly traffic: TrafficSeries;
  readonly from: Instant;
  readonly until: Instant;
  /** A forecast made at one moment, or at each bin the one that was made so long before it. */
  readonly seen: { readonly at: Instant } | { readonly leadMs: number };
};

export function tellStories(): Story[] {
  return [morning(), storm(), closedHours(), levelShift(), firstDays()];
}

/** The busiest minute of a bin: what is forecast. NaN where nothing was measured. */
export function loadOfBin(traffic: TrafficSeries, at: Instant): number {
  return peakBetween(traffic, at, at + FORECAST_BIN_MS) ?? Number.NaN;
}

function morning(): Story {
  return {
    name: "morning-ramp",
    title: "A weekday morning, forecast at five o'clock",
    says: "The night's low load rises to the day's two peaks, and the fan of quantiles rises with it.",
    traffic: ordinary(),
    from: MONDAY + 1 * HOUR_MS,
    until: MONDAY + 21 * HOUR_MS,
    seen: { at: MONDAY + 5 * HOUR_MS },
  };
}

function storm(): Story {
  const begin = MONDAY + 14 * HOUR_MS;
  const crowd = (at: Instant) => {
    const minutes = (at - begin) / MINUTE_MS;
    return minutes < 0 ? 0 : 4_000 * Math.min(1, minutes / 3) * Math.exp(-Math.max(0, minutes - 25) / 20);
  };
  return {
    name: "storm",
    title: "A storm that began a quarter of an hour ago",
    says: "The load is four times the usual. The forecast lets most of it fade within the hour, and expects a busier evening and night.",
    traffic: laidOver(ordinary(), (at, load) => load + Math.round(crowd(at))),
    from: MONDAY + 10 * HOUR_MS,
    until: MONDAY + 28 * HOUR_MS,
    seen: { at: begin + 15 * MINUTE_MS },
  };
}

function closedHours(): Story {
  return {
    name: "closed-hours",
    title: "Closed from eight to eight, forecast at noon",
    says: "At closing time the forecast falls to zero at every quantile, and it is there again when the doors open.",
    traffic: laidOver(ordinary(), (at, load) => (isOpen(at) ? load : 0)),
    from: MONDAY + 6 * HOUR_MS,
    until: MONDAY + 36 * HOUR_MS,
    seen: { at: MONDAY + 12 * HOUR_MS },
  };
}

function levelShift(): Story {
  const begin = MONDAY + 9 * HOUR_MS;
  return {
    name: "level-shift",
    title: "Twice the load from nine on, each bin forecast an hour before",
    says: "For an hour nobody can know. Then median and quantiles climb to the new level, in two steps.",
    traffic: laidOver(ordinary(), (at, load) => (at >= begin ? 2 * load : load)),
    from: MONDAY + 4 * HOUR_MS,
    until: MONDAY + 34 * HOUR_MS,
    seen: { leadMs: HOUR_MS },
  };
}

function firstDays(): Story {
  return {
    name: "first-two-days",
    title: "The first two days of a pool, each bin forecast an hour before",
    says: "On the first day the last level and its drift stand in, with wide quantiles; on the second the day's shape is known, and they narrow.",
    traffic: ordinary(),
    from: START,
    until: START + 2 * DAY_MS,
    seen: { leadMs: HOUR_MS },
  };
}

function ordinary(): TrafficSeries {
  const { start, binMs, pools } = generateDemand({
    seed: "pictures",
    regions: regionSpecs(["fra"]),
    start: START,
    days: DAYS,
    app: "shop",
    processGroup: "web",
    patterns: ["weekly"],
  });
  return { start, binMs, values: [...pools[0]!.requests] };
}

function laidOver(traffic: TrafficSeries, change: (at: Instant, load: number) => number): TrafficSeries {
  const { start, binMs, values } = traffic;
  return { start, binMs, values: values.map((load, i) => change(start + i * binMs, load)) };
}

function isOpen(at: Instant): boolean {
  const hour = ((at + zoneOffsetMs(ZONE, at)) % DAY_MS) / HOUR_MS;
  return hour >= 8 && hour < 20;
}
