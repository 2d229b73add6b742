/**
 * What a tick hands to History, as large and as odd as it is in life: a decision and its record made by decideTick from
 * two days of traffic with gaps, and the forecast state that came of it.
 *
 * Machine ids are unique in Fly, not only in an app; so a test builds them from its own app's name.
 */

import type { Boot } from "../../src/core/capacity/boots.ts";
import { decideTick } from "../../src/core/decide-tick.ts";
import type { PoolKey } from "../../src/core/fleet.ts";
import { encodeState } from "../../src/core/forecast/codec.ts";
import { patternsOf } from "../../src/core/forecast/patterns.ts";
import type { Override } from "../../src/core/observation.ts";
import { tickRecord } from "../../src/core/tick-record.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../../src/core/time.ts";
import type { PoolTick } from "../../src/ports.ts";
import { fresh, machine, minutesFrom, NOW, observation, policy } from "../core/examples.ts";

const MINUTES = 2 * 24 * 60;

const example = makeExample();

function makeExample() {
  const load = (at: Instant, i: number) =>
    i % 97 < 4 ? Number.NaN : 300 + 200 * Math.sin((2 * Math.PI * at) / DAY_MS);
  const seen = observation({ samples: fresh(minutesFrom(NOW - 2 * DAY_MS, MINUTES, load)) });
  const decided = decideTick(seen);
  if (decided.state === null || decided.forecast === null) throw new Error("the example has no forecast");
  return {
    decision: decided.decision,
    record: tickRecord(seen, decided),
    predictions: decided.predictions,
    model: decided.forecast.model,
    confidence: decided.forecast.confidence,
    state: encodeState(decided.state),
    patterns: patternsOf(decided.state),
  };
}

/** A pool's tick that grew; no machines, actions, override or cold state unless asked for. */
export function poolTick(pool: PoolKey, changes: Partial<PoolTick> = {}): PoolTick {
  const { decision, record, predictions, model, confidence } = example;
  return {
    pool,
    mode: "act",
    policy: policy(),
    decision,
    record,
    predictions,
    model,
    confidence,
    machines: [],
    boots: [],
    actions: [],
    override: null,
    nextPeak: null,
    hot: example.state.hot,
    cold: null,
    ...changes,
  };
}

/** A cold state of realistic size with its patterns. */
export function coldPart(): NonNullable<PoolTick["cold"]> {
  return { state: example.state.cold, patterns: example.patterns };
}

/** A boot that ended at NOW. */
export function boot(machineId: string, seconds: number, changes: Partial<Boot> = {}): Boot {
  const askedAt = NOW - seconds * 1_000;
  return { machineId, path: "start", askedAt, servingAt: NOW, seconds, evidence: "event", ...changes };
}

export function override(machineId: string, changes: Partial<Override> = {}): Override {
  return {
    machineId,
    seenAt: NOW,
    until: NOW + HOUR_MS,
    workers: 2,
    what: `machine ${machineId} was stopped by hand`,
    ...changes,
  };
}

export const startedMachine = (id: string) => machine(id);
export const stoppedMachine = (id: string) => machine(id, { state: "stopped" });
