/**
 * What is not known must not make a pool smaller. Missing is not zero: an outage of the metrics looks like an outage of the
 * traffic, and the pool that believed it would be down when the metrics are back.
 *
 *   fresh ──(nothing for staleSeconds)──▶ hold ──(staleHoldSeconds)──▶ the forecast may raise ──(staleTrustSeconds)──▶ floor
 *     ▲                                                                                                            │
 *     └──(samples without a long gap for the recovery time)── recovering: may raise, not lower ◀──(a sample)───────┘
 *
 * At the end the forecast is not believed any more: the pool stays as it is, raised to its floor. The trap is flapping in and
 * out of this: a source that answers once in a while is not back, so it is left later than it was entered. What was never
 * measured has no age and no forecast: it gets its floor.
 */
import type { Observation } from "../observation.ts";
import type { Policy } from "../policy.ts";
import { type Instant, MINUTE_MS, SECOND_MS } from "../time.ts";
import type { TrafficSeries } from "../traffic.ts";
import type { Constraint, Limits } from "./constraint.ts";
import { recoveryMs } from "./look-back.ts";

export const staleData: Constraint = {
  name: "stale data",
  limit: ({ samples, policy, now }, { from }) => {
    if (samples.status === "fresh") return recovering(samples.value, policy, now, from);
    return withoutData(samples, policy, from);
  },
};

type Unfresh = Exclude<Observation["samples"], { status: "fresh" }>;

function withoutData(samples: Unfresh, policy: Policy, from: number): Limits {
  const what = `samples are ${samples.status}: ${samples.why}`;
  const most = Math.max(from, Math.min(policy.floorWorkers ?? policy.minWorkers, policy.maxWorkers));
  // Up to the minimum the bounds raise it.
  const low = policy.floorWorkers === null ? from : most;
  if (samples.ageMs === undefined) return { low, why: what };
  const ageSeconds = samples.ageMs / SECOND_MS;
  if (ageSeconds > policy.staleTrustSeconds)
    return { low, high: most, why: `${what}; the forecast is too old to go by` };
  const holds = policy.staleHoldSeconds > 0 && ageSeconds <= policy.staleSeconds + policy.staleHoldSeconds;
  return holds ? { low: from, high: from, why: what } : { low: from, why: what };
}

function recovering(series: TrafficSeries, policy: Policy, now: Instant, from: number): Limits | null {
  const recovery = recoveryMs(policy);
  if (recovery === null) return null;
  const gap = longGap(series, now - recovery, policy.staleSeconds * SECOND_MS, now);
  if (gap === null) return null;
  const minutes = Math.round((now - gap) / MINUTE_MS);
  return { low: from, why: `samples came back ${minutes} minutes ago, after a gap` };
}

/** The end of the newest gap of at least `widthMs` that reaches into [since, now), or null. */
function longGap(
  { start, binMs, values }: TrafficSeries,
  since: Instant,
  widthMs: number,
  now: Instant,
): Instant | null {
  let open = start;
  let found: Instant | null = null;
  for (let i = 0; i < values.length && start + i * binMs < now; i++) {
    if (Number.isNaN(values[i])) continue;
    const at = start + i * binMs;
    if (at > since && at - open >= widthMs) found = at;
    open = at + binMs;
  }
  return found;
}
