/** What the product's own forecaster said of each bin of a story, at five quantiles, and what came. */
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { FORECAST_BIN_MS, STORED_QUANTILES } from "../../src/core/forecast/forecast.ts";
import type { ForecastState } from "../../src/core/forecast/state.ts";
import type { Instant } from "../../src/core/time.ts";
import type { TrafficSeries } from "../../src/core/traffic.ts";
import { loadOfBin, type Story, ZONE } from "./stories.ts";

export type Bin = {
  readonly at: Instant;
  readonly actual: number;
  /** At STORED_QUANTILES; null where nothing is forecast. */
  readonly load: readonly number[] | null;
};

const forecaster = ensembleForecaster(ZONE);

export function fanOf(story: Story): Bin[] {
  const { from, until, traffic, seen } = story;
  const forecasts = "at" in seen ? atOnce(story, seen.at) : eachBefore(story, seen.leadMs);
  return Array.from({ length: (until - from) / FORECAST_BIN_MS }, (_, i) => {
    const at = from + i * FORECAST_BIN_MS;
    return { at, actual: loadOfBin(traffic, at), load: forecasts.get(at) ?? null };
  });
}

function atOnce({ traffic, until }: Story, now: Instant): Map<Instant, number[]> {
  const state = learn(null, traffic, now);
  const { start, load } = forecaster.forecast(state, { from: now, until, quantiles: STORED_QUANTILES });
  return new Map(load[0]!.map((_, i) => [start + i * FORECAST_BIN_MS, load.map((curve) => curve[i]!)]));
}

function eachBefore({ traffic, from, until }: Story, leadMs: number): Map<Instant, number[]> {
  const answers = new Map<Instant, number[]>();
  let state: ForecastState | null = null;
  for (let at = from; at < until; at += FORECAST_BIN_MS) {
    const now = at - leadMs;
    if (now <= traffic.start) continue;
    state = learn(state, traffic, now);
    const window = { from: at, until: at + FORECAST_BIN_MS, quantiles: STORED_QUANTILES };
    const { load } = forecaster.forecast(state, window);
    answers.set(
      at,
      load.map((curve) => curve[0]!),
    );
  }
  return answers;
}

/** Hands over what is new, and nothing at or after `now`. */
function learn(state: ForecastState | null, { start, binMs, values }: TrafficSeries, now: Instant) {
  const from = state?.through ?? start;
  const fresh = values.slice((from - start) / binMs, (now - start) / binMs);
  return forecaster.update(state, { start: from, binMs, values: fresh }, [], now);
}
