/**
 * What a pool's last tick foresaw and decided, for whoever asks between ticks: the status page, and the app itself. Of all
 * that a tick knows this is the part that others can use; why in detail stands in the history.
 *
 * It is kept per app, in a cache: an app's pools are decided together, and one value costs one command.
 */
import type { TickDecision } from "./decide-tick.ts";
import type { PoolKey } from "./fleet.ts";
import type { NextPeak } from "./forecast/next-peak.ts";
import type { Observation } from "./observation.ts";
import type { Mode } from "./policy.ts";
import type { Quantile } from "./quantile.ts";
import type { Severity } from "./severity.ts";
import type { Instant } from "./time.ts";

export type LatestPlan = {
  readonly pool: PoolKey;
  readonly slot: Instant;
  readonly decidedAt: Instant;
  readonly mode: Mode;
  readonly decision: {
    readonly kind: "hold" | "grow" | "shrink";
    readonly from: number;
    readonly to: number;
    readonly severity: Severity;
    readonly reason: string;
    readonly constraints: readonly string[];
  };
  /** null where the pool was never measured. */
  readonly forecast: {
    readonly madeAt: Instant;
    readonly model: string;
    readonly confidence: number;
    readonly reason: string;
  } | null;
  /** Of `load` below. */
  readonly quantile: Quantile;
  /** Per bin from now on: requests a minute at the quantile, and the machines that carry them. */
  readonly plan: readonly { readonly at: Instant; readonly load: number; readonly machines: number }[];
  readonly coveredUntil: Instant;
  readonly nextPeak: NextPeak | null;
};

export function latestPlanOf(observation: Observation, tick: TickDecision): LatestPlan {
  const { pool, slot, now, mode } = observation;
  const { decision, forecast, plan, nextPeak } = tick;
  return {
    pool,
    slot,
    decidedAt: now,
    mode,
    decision: {
      kind: decision.kind,
      from: decision.from,
      to: decision.to,
      severity: decision.severity,
      reason: decision.reason,
      constraints: decision.constraints.map(({ name }) => name),
    },
    forecast: forecast && {
      madeAt: forecast.madeAt,
      model: forecast.model,
      confidence: forecast.confidence,
      reason: forecast.reason,
    },
    quantile: plan.quantile,
    plan: plan.bins.map((bin) => ({ ...bin, load: Math.round(bin.load * 10) / 10 })),
    coveredUntil: plan.window.coveredUntil,
    nextPeak,
  };
}

/** The cache's key of an app's latest plans. */
export function latestPlansKey(app: string): string {
  return `latest:${app}`;
}
