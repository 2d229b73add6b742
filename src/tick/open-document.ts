/** What step 8 puts down: for each pool what was decided from what, what is to be done, and what the forecaster carries on. */
import type { TickDecision } from "../core/decide-tick.ts";
import { encodeCold, encodeHot } from "../core/forecast/codec.ts";
import { patternsOf } from "../core/forecast/patterns.ts";
import { partValue } from "../core/observation.ts";
import { tickRecord } from "../core/tick-record.ts";
import type { Instant } from "../core/time.ts";
import type { Lease, OpenTick, PoolTick, TickRequest } from "../ports.ts";
import type { ObservedApp, ObservedPool } from "./observe.ts";
import type { TickSettings } from "./settings.ts";

export type DecidedPool = ObservedPool & { readonly tick: TickDecision };

export function openDocument(
  lease: Lease,
  { mode }: TickRequest,
  { cadenceMs }: TickSettings,
  { resolved, retired }: ObservedApp,
  decided: readonly DecidedPool[],
  now: Instant,
): OpenTick {
  return {
    lease,
    now,
    mode,
    cadenceMs,
    resolved,
    retired,
    pools: decided.map(poolTick),
  };
}

function poolTick({
  observation,
  tick,
  checkpointDue,
  settled,
  lateLearned,
  newOverride,
  newBoots,
}: DecidedPool): PoolTick {
  const { pool, mode, policy, machines } = observation;
  const { state } = tick;
  return {
    pool,
    mode,
    policy,
    decision: tick.decision,
    record: tickRecord(observation, tick),
    machines: partValue(machines),
    boots: newBoots,
    actions: mode === "act" ? tick.actions : [],
    override: newOverride,
    hot: state === null ? null : encodeHot(state, tick.ledger, tick.capacity?.watch),
    ...(lateLearned > 0 && { lateLearned }),
    cold:
      state !== null && checkpointDue
        ? {
            // A tick behind, so that what comes late by a tick comes before the checkpoint.
            state: encodeCold(settled ?? state, tick.capacity?.state),
            patterns: patternsOf(state),
            weights: tick.weights,
          }
        : null,
    predictions: tick.predictions,
    nextPeak: tick.nextPeak,
    model: tick.forecast?.model ?? null,
    confidence: tick.forecast?.confidence ?? null,
  };
}
