/**
 * Everyone who has a say in a pool's forecast: our own, while the pool is young a sister region's, and a forecaster outside
 * where one answered in time. Each is laid over what came before it with the share that its losses earned it; with neither
 * of them the forecast is our own, to the byte.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../time.ts";
import { blend, type Rival, shareAt } from "./blend.ts";
import { explain } from "./describe.ts";
import { ensembleForecaster } from "./ensemble.ts";
import { EXPERTS, MIXTURE } from "./experts.ts";
import type { Forecast, ForecastRequest } from "./forecast.ts";
import { leadsAround } from "./lead.ts";
import type { ForecastState } from "./state.ts";

/** At these leads the weights are shown. */
export const WEIGHED_AT_MS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;

/** The part that one expert has in the forecasts of one lead. */
export type ExpertWeight = {
  readonly expert: string;
  readonly horizonMs: number;
  /** In [0, 1]; over all experts of a lead they sum to 1. */
  readonly share: number;
  /** Its recent misses over those of our experts together: below 1 it alone did better. null: not measured so. */
  readonly missRatio: number | null;
};

export type Panel = {
  forecast(request: ForecastRequest): Forecast;
  weights(): ExpertWeight[];
};

/** `rivals`: later ones take their share of what the earlier ones left. */
export function panelOf(state: ForecastState, rivals: readonly Rival[]): Panel {
  const { forecast } = ensembleForecaster(state.zone, state.binMs);
  return {
    forecast: (request) =>
      rivals.reduce((said, rival) => blend(state, said, rival), forecast(state, request)),
    weights: () => WEIGHED_AT_MS.flatMap((horizonMs) => weightsAt(state, rivals, horizonMs)),
  };
}

function weightsAt(state: ForecastState, rivals: readonly Rival[], horizonMs: number): ExpertWeight[] {
  const { low } = leadsAround(state.leads, Math.round(horizonMs / state.binMs));
  const { misses } = state.leads[low]!;
  const mixture = misses[MIXTURE]!;
  const at = state.memory.last * state.binMs + horizonMs;
  let left = 1;
  const theirs = [...rivals].reverse().map((rival): ExpertWeight => {
    const share = left * shareAt(state, rival, at);
    left -= share;
    return { expert: rival.name, horizonMs, share: rounded(share), missRatio: rival.ratios[low] ?? null };
  });
  const ours = explain(state, horizonMs).map(({ expert, share }): ExpertWeight => {
    const miss = misses[EXPERTS.indexOf(expert as (typeof EXPERTS)[number])]!;
    return {
      expert,
      horizonMs,
      share: rounded(left * share),
      missRatio: mixture > 0 ? rounded(miss / mixture) : null,
    };
  });
  return [
    ...ours,
    ...theirs
      .reverse()
      .map((one) => ({ ...one, missRatio: one.missRatio === null ? null : rounded(one.missRatio) })),
  ];
}

/** To four digits: SQL keeps these as they come. */
function rounded(value: number): number {
  return Math.round(Math.min(1e6, value) * 1e4) / 1e4;
}
