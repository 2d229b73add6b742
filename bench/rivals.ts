/**
 * What others add to our own forecast, on generated traffic:
 *
 *   npx tsx bench/rivals.ts
 *
 * A forecaster outside that nearly knows what comes, one of noise, and one that is absurd for four days and then good: its
 * share and the loss with it over the loss without, day by day. A new region with a sister of two weeks, alike or
 * of another rhythm: the same on its first and second day, with the share of actuals under q0.95. Takes about a minute.
 */
import { ensembleForecaster } from "../src/core/forecast/ensemble.ts";
import { FORECAST_BIN_MS, type Forecast, STORED_QUANTILES } from "../src/core/forecast/forecast.ts";
import { noteOutside, type OutsideForecast, outsideRival } from "../src/core/forecast/outside.ts";
import { panelOf } from "../src/core/forecast/panel.ts";
import { sisterRival } from "../src/core/forecast/prior.ts";
import { pinballOf } from "../src/core/forecast/rival.ts";
import type { ForecastState } from "../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../src/core/time.ts";
import { peakBetween, type TrafficSeries } from "../src/core/traffic.ts";
import { generateDemand } from "../src/sim/traffic/generate.ts";
import { regionSpecs } from "../src/sim/traffic/regions.ts";

const START = Date.UTC(2026, 5, 1);
const CADENCE_MS = 15 * MINUTE_MS;
const LEADS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;
const BORN = 14;

const seriesOf = (requests: Float64Array): TrafficSeries => ({
  start: START,
  binMs: MINUTE_MS,
  values: [...requests],
});
const between = ({ values }: TrafficSeries, from: Instant, until: Instant): TrafficSeries => ({
  start: from,
  binMs: MINUTE_MS,
  values: values.slice((from - START) / MINUTE_MS, (until - START) / MINUTE_MS),
});
const truthOf = (series: TrafficSeries, at: Instant) => peakBetween(series, at, at + FORECAST_BIN_MS);

/** Loss at `at`, and whether q0.95 covered it. */
function judge(ask: (at: Instant) => Forecast, at: Instant, actual: number) {
  const load = ask(at).load.map((curve) => curve[0]!);
  return { loss: pinballOf(load, actual), covered: actual <= load[STORED_QUANTILES.indexOf(0.95)]! ? 1 : 0 };
}
const at = (panel: ReturnType<typeof panelOf>) => (from: Instant) =>
  panel.forecast({ from, until: from + FORECAST_BIN_MS, quantiles: STORED_QUANTILES });
const row = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);

function outside(name: string, say: (real: number, at: Instant) => readonly number[]): void {
  const options = { seed: "rivals", start: START, days: 20, app: "shop", processGroup: "web" } as const;
  const traffic = seriesOf(generateDemand(options).pools[0]!.requests);
  const { update } = ensembleForecaster("America/New_York");
  let state: ForecastState | null = null;
  const days = Array.from({ length: 8 }, () => LEADS.map(() => ({ alone: 0, together: 0, share: 0 })));
  const first = START + 10 * DAY_MS;
  for (let now = first; now < first + days.length * DAY_MS; now += CADENCE_MS) {
    state = update(state, between(traffic, state?.through ?? START, now), [], now);
    const answer = answerOf(traffic, now, say);
    const rival = outsideRival(state, answer);
    const [alone, together] = [panelOf(state, []), panelOf(state, [rival])];
    const weights = together.weights();
    LEADS.forEach((lead, i) => {
      const actual = truthOf(traffic, now + lead);
      if (actual === null) return;
      const sum = days[Math.floor((now - first) / DAY_MS)]![i]!;
      sum.alone += judge(at(alone), now + lead, actual).loss;
      sum.together += judge(at(together), now + lead, actual).loss;
      sum.share = weights.find(({ expert, horizonMs }) => expert === rival.name && horizonMs === lead)!.share;
    });
    state = noteOutside(state, answer);
  }
  for (const [day, sums] of days.entries()) {
    const cells = sums.map(
      ({ alone, together, share }) => `${(together / alone).toFixed(3)} (${share.toFixed(3)})`,
    );
    row([name, `${day + 1}`, ...cells]);
  }
}

function answerOf(
  traffic: TrafficSeries,
  now: Instant,
  say: (real: number, at: Instant) => readonly number[],
): OutsideForecast {
  const bins = Array.from({ length: 290 }, (_, i) => {
    return say(truthOf(traffic, now + i * FORECAST_BIN_MS) ?? 0, now);
  });
  const load = STORED_QUANTILES.map((_, q) => bins.map((bin) => bin[q]!));
  return {
    name: "oracle",
    model: "1",
    madeAt: now,
    start: now,
    binMs: FORECAST_BIN_MS,
    quantiles: STORED_QUANTILES,
    load,
  };
}

function sister(name: string, weight: number, bornHour: number, life?: (minute: number) => number): void {
  const sums = [0, 1].map(() => LEADS.map(() => ({ alone: 0, with: 0, under: 0, underWith: 0, count: 0 })));
  let [ms, ticks] = [0, 0];
  for (const seed of ["a", "b", "c", "d"]) {
    const regions = [...regionSpecs(["fra"]), { region: "cdg", timeZone: "Europe/Paris", weight }];
    const options = {
      seed,
      start: START,
      days: 18,
      app: "shop",
      processGroup: "web",
      regions,
      patterns: ["weekly"],
    } as const;
    const [old, young] = generateDemand(options).pools.map(({ requests }) => seriesOf(requests)) as [
      TrafficSeries,
      TrafficSeries,
    ];
    const fra = life ? { ...old, values: old.values.map((_, minute) => life(minute)) } : old;
    const { update } = ensembleForecaster("Europe/Berlin");
    const born = START + BORN * DAY_MS + bornHour * HOUR_MS;
    let [known, own]: [ForecastState, ForecastState | null] = [
      update(null, between(fra, START, born), [], born),
      null,
    ];
    for (let now = born + CADENCE_MS; now < born + 2 * DAY_MS; now += CADENCE_MS) {
      known = update(known, between(fra, known.through, now), [], now);
      own = update(own, between(young, own?.through ?? born, now), [], now);
      const begun = performance.now();
      const rival = sisterRival(own, [{ region: "fra", state: known }]);
      ms += performance.now() - begun;
      ticks += 1;
      const [alone, together] = [panelOf(own, []), panelOf(own, rival === null ? [] : [rival])];
      LEADS.forEach((lead, i) => {
        const actual = truthOf(young, now + lead)!;
        const sum = sums[Math.floor((now - born) / DAY_MS)]![i]!;
        const [one, two] = [judge(at(alone), now + lead, actual), judge(at(together), now + lead, actual)];
        sum.alone += one.loss;
        sum.with += two.loss;
        sum.under += one.covered;
        sum.underWith += two.covered;
        sum.count += 1;
      });
    }
  }
  for (const [day, leads] of sums.entries()) {
    const cells = leads.map(
      (sum) =>
        `${(sum.with / sum.alone).toFixed(3)} (${(sum.under / sum.count).toFixed(2)} → ${(sum.underWith / sum.count).toFixed(2)})`,
    );
    row([name, `${day + 1}`, ...cells]);
  }
  console.log(`  ${(ms / ticks).toFixed(1)} ms a tick for the sister`);
}

const NEARLY = [0.97, 1, 1.03, 1.04, 1.06];
const times = (factors: readonly number[], load: number) => factors.map((factor) => factor * load);
row([
  "outside: loss with it over loss without (its share at the end of the day)",
  "day",
  "15 min",
  "1 h",
  "6 h",
  "24 h",
]);
outside("nearly knows", (real) => times(NEARLY, real));
outside("noise", (_, now) => times([1, 2, 3, 4, 5], 100 * (((now / CADENCE_MS) * 7_919) % 13)));
outside("a billion for four days, then nearly knows", (real, now) =>
  now < START + 14 * DAY_MS ? times([1, 1, 1, 1, 1], 1e9) : times(NEARLY, real),
);
row([
  "sister: loss with her over loss without (under q0.95: without → with)",
  "day",
  "15 min",
  "1 h",
  "6 h",
  "24 h",
]);
sister("alike, eight times as large, born at midnight UTC", 0.1, 0);
sister("alike, eight times as large, born at noon", 0.1, 12);
const batches = (minute: number) =>
  (minute % 180 < 40 ? 800 : 16) * (0.9 + (((minute * 7_919) % 13) * 0.2) / 13);
sister("batches every three hours", 0.1, 0, batches);
sister("batches every three hours, of a larger pool", 1, 9, (minute) => batches(minute + 780));
