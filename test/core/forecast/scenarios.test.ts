/** test/scenarios/forecast.txt, line by line: each is a short story, and how near the forecast must come to its end. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { timeOfWeekMs, zoneOffsetMs } from "../../../src/core/zone.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const HISTORY_MS = 28 * DAY_MS;

type Story = {
  name: string;
  zone: string;
  begin: Instant;
  asked: Instant;
  aheadMs: number;
  median: [number, number];
  q95: number;
};

/** The first instant of a local day; the days of these stories do not begin within a change of the clock. */
function localMidnight(zone: string, day: string): Instant {
  const utc = Date.parse(`${day}T00:00:00Z`);
  return utc - zoneOffsetMs(zone, utc);
}

function storyOf(line: string): Story {
  const [name = "", zone = "", starts = "", asked = "", ahead = "", median = "", q95 = ""] = line
    .split("|")
    .map((cell) => cell.trim());
  const begin = localMidnight(zone, starts);
  const [days = "0", time = "0:0"] = asked.split(" ");
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const date = new Date(Date.parse(`${starts}T00:00:00Z`) + HISTORY_MS + (Number(days) - 1) * DAY_MS)
    .toISOString()
    .slice(0, 10);
  const localMs = hours * HOUR_MS + minutes * MINUTE_MS;
  const noon = localMidnight(zone, date) + localMs;
  const [low = 0, high = 0] = median.split(" ").map(Number);
  return {
    name,
    zone,
    begin,
    // The same time of that day by the clock on the wall, also where the day began with another offset.
    asked: noon + zoneOffsetMs(zone, localMidnight(zone, date)) - zoneOffsetMs(zone, noon),
    aheadMs: Number.parseInt(ahead, 10) * HOUR_MS,
    median: [low, high],
    q95: Number(q95),
  };
}

/** What an ordinary shop serves at an instant, without noise. */
function usual(zone: string, at: Instant): number {
  const time = timeOfWeekMs(zone, at);
  const weekend = time >= 5 * DAY_MS ? 0.5 : 1;
  return weekend * (500 + 400 * Math.sin((2 * Math.PI * ((time % DAY_MS) - 8 * HOUR_MS)) / DAY_MS));
}

/** Pools that are no ordinary shop. */
const POOLS: Readonly<Record<string, (zone: string, at: Instant) => number>> = {
  "closed at night"(zone, at) {
    const hour = (timeOfWeekMs(zone, at) % DAY_MS) / HOUR_MS;
    return hour < 8 || hour >= 20 ? 0 : usual(zone, at);
  },
  "storms on some afternoons"(_, at) {
    const day = Math.floor(at / DAY_MS);
    const random = createRandom(`storm ${day}`);
    const from = day * DAY_MS + random.between(14, 17) * HOUR_MS;
    const storms = random.next() < 0.4 && at >= from && at < from + 40 * MINUTE_MS;
    return storms ? 400 : 5;
  },
};

/** What comes in each story, `sinceMs` after the four weeks; NaN is not measured. */
const TELL: Readonly<Record<string, (sinceMs: number, load: number, sunday: number) => number>> = {
  "one bin a hundred times too large": (since, load) =>
    since === 9 * HOUR_MS + 55 * MINUTE_MS ? 100 * load : load,
  "six hours of measured zeros": (since, load) => (since >= 11 * HOUR_MS && since < 17 * HOUR_MS ? 0 : load),
  "six hours without samples": (since, load) =>
    since >= 11 * HOUR_MS && since < 17 * HOUR_MS ? Number.NaN : load,
  "a week without samples": (since, load) => (since < 7 * DAY_MS ? Number.NaN : load),
  "twice as much from now on": (_, load) => 2 * load,
  "half as much from now on": (_, load) => 0.5 * load,
  "a holiday, as on a Sunday": (since, load, sunday) => (since < DAY_MS ? sunday : load),
  "two percent more each day": (since, load) => load * 1.02 ** (since / DAY_MS),
  "a flash crowd of half an hour": (since, load) =>
    since >= 13 * HOUR_MS && since < 13.5 * HOUR_MS ? 5 * load : load,
};

/** Told by zone and dates alone. */
const ORDINARY = /^(nothing happens|clocks go|a week later the clocks)/;

const lines = readFileSync(new URL("../../scenarios/forecast.txt", import.meta.url), "utf8").split("\n");
const stories = lines.filter((line) => line.includes("|") && !line.startsWith("scenario")).map(storyOf);

it("tells only stories that are known: a misspelt one would be an ordinary day", () => {
  const known = ({ name }: Story) => name in POOLS || name in TELL || ORDINARY.test(name);
  expect(stories.filter((story) => !known(story)).map(({ name }) => name)).toEqual([]);
});

it.each(stories)(
  "$name in $zone, asked for $aheadMs ms ahead",
  ({ name, zone, begin, asked, aheadMs, median, q95 }) => {
    const random = createRandom("shop");
    const pool = POOLS[name] ?? usual;
    const tell = TELL[name] ?? ((_: number, load: number) => load);
    const atNoise = (at: Instant, noise: number) => {
      const since = at - begin - HISTORY_MS;
      const load = noise * pool(zone, at);
      return since < 0 ? load : tell(since, load, load / 2);
    };
    const values = Array.from({ length: Math.floor((asked - begin) / BIN_MS) }, (_, i) =>
      atNoise(begin + i * BIN_MS, random.logNormal(1, 0.05)),
    );
    const { update, forecast } = ensembleForecaster(zone, BIN_MS);
    const state = update(null, { start: begin, binMs: BIN_MS, values }, [], asked);
    const target = asked + aheadMs;
    const { load } = forecast(state, { from: target, until: target + BIN_MS, quantiles: [0.5, 0.95] });
    const comes = atNoise(target, 1);
    const [middle, high] = load.map((curve) => curve[0]! / (comes || 1)) as [number, number];
    expect(middle, "median").toBeGreaterThanOrEqual(median[0]);
    expect(middle, "median").toBeLessThanOrEqual(median[1]);
    expect(high, "q0.95").toBeGreaterThanOrEqual(Math.max(comes > 0 ? 1 : 0, middle) * 0.98);
    expect(high, "q0.95").toBeLessThanOrEqual(q95);
  },
);
