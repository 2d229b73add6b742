/**
 * Two forecasts as one: at each bin and quantile the mean of both roots, weighed by the rival's share there (Vincent's
 * mean of quantiles: it stays monotone, and two forecasts of one shape give that shape, where a mean of probabilities
 * would be wider than both). Where the rival is silent, ours stands to the last digit.
 */
import type { Quantile } from "../quantile.ts";
import type { Instant } from "../time.ts";
import type { Forecast } from "./forecast.ts";
import { binAt } from "./grid.ts";
import { leadsAround } from "./lead.ts";
import { loadOf, rootOf } from "./root.ts";
import type { ForecastState } from "./state.ts";

export type Rival = {
  /** As reasons and tables name it. */
  readonly name: string;
  /** Share of the forecast at each learned lead, in [0, 1]. */
  readonly shares: readonly number[];
  /** What it lost over what ours lost at each learned lead; null where nothing was judged. */
  readonly ratios: readonly (number | null)[];
  /** The root of the bin that starts at `at`, or NaN where the rival says nothing of it. */
  readonly rootAt: (at: Instant, quantile: Quantile) => number;
};

/** The rival's share for the bin at `at`, between the learned leads by the logarithm of the lead. */
export function shareAt(state: ForecastState, { shares }: Pick<Rival, "shares">, at: Instant): number {
  const ahead = Math.max(1, binAt(state, at) - state.memory.last);
  const { low, high, share } = leadsAround(state.leads, ahead);
  return shares[low]! * (1 - share) + shares[high]! * share;
}

export function blend(state: ForecastState, forecast: Forecast, rival: Rival): Forecast {
  const { start, binMs, quantiles } = forecast;
  const width = forecast.load[0]?.length ?? 0;
  const shares = Array.from({ length: width }, (_, i) => shareAt(state, rival, start + i * binMs));
  const load = forecast.load.map((curve, q) =>
    curve.map((own, i) => {
      const share = shares[i]!;
      const root = share > 0 ? rival.rootAt(start + i * binMs, quantiles[q]!) : Number.NaN;
      if (Number.isNaN(root)) return own;
      return Math.round(100 * loadOf((1 - share) * rootOf(own) + share * root)) / 100;
    }),
  );
  const percent = Math.round(100 * (shares[0] ?? 0));
  if (percent === 0) return { ...forecast, load };
  return { ...forecast, load, reason: `${forecast.reason}, ${percent} % of it from ${rival.name}` };
}
