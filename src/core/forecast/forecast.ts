/**
 * What every model answers, and the five horizons at which answers are kept and judged.
 *
 * Load is the busiest minute of a bin, in requests a minute: a machine is sized for the minute that hurts, not for the
 * mean. A later model may be cleverer; the question and the shape of the answer stay.
 */
import type { TrafficEvent } from "../events/event.ts";
import type { Quantile } from "../quantile.ts";
import { interpolateQuantile } from "../quantile.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, WEEK_MS } from "../time.ts";
import type { TrafficSeries } from "../traffic.ts";

/** Width of a forecast bin where ticks come every five minutes or more seldom, and of the bins that are stored and judged. */
export const FORECAST_BIN_MS = 5 * MINUTE_MS;

/** Who looks every minute must see every minute. */
export function forecastBinMs(cadenceMs: number): number {
  return cadenceMs < FORECAST_BIN_MS ? MINUTE_MS : FORECAST_BIN_MS;
}

/** Stored and judged at these distances. */
export const HORIZONS_MS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, WEEK_MS] as const;

/** Quantiles that every stored prediction carries, ascending. */
export const STORED_QUANTILES: readonly Quantile[] = [0.1, 0.5, 0.9, 0.95, 0.99];

export type Forecast = {
  readonly madeAt: Instant;
  readonly model: string;
  /** In [0, 1]; each model says what it means by it. */
  readonly confidence: number;
  /** Why this curve, in words a person understands. */
  readonly reason: string;
  /** Start of the first bin. */
  readonly start: Instant;
  readonly binMs: number;
  readonly quantiles: readonly Quantile[];
  /** load[q][i]: requests a minute that quantiles[q] of bin i stays under; never negative, never falling in q. */
  readonly load: readonly (readonly number[])[];
  /** The same quantiles over all bins of the past week: what this pool has seen, whatever the model says. */
  readonly lately: readonly number[];
};

export type ForecastRequest = {
  readonly from: Instant;
  readonly until: Instant;
  readonly quantiles: readonly Quantile[];
  /** Answers only one bin in each of these; every one where it is absent. */
  readonly binMs?: number;
};

/** Step 4 of a tick: new samples in, a forecast and the state to carry out. */
export type Forecaster<State> = {
  update(state: State | null, samples: TrafficSeries, events: readonly TrafficEvent[], now: Instant): State;
  forecast(state: State, request: ForecastRequest): Forecast;
};

/** Load at `quantile` for bin `index`, between the quantiles that the forecast holds. */
export function loadAt(forecast: Forecast, index: number, quantile: Quantile): number {
  return interpolateQuantile(
    forecast.quantiles,
    forecast.load.map((curve) => curve[index]!),
    quantile,
  );
}
