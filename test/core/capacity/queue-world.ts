/**
 * A pool of machines that are queues, whose true capacity is known: each works on `slots` requests at once, a request takes
 * `serviceSeconds` of a slot, and load, cpu, P95, concurrency and errors follow from that, with noise. Seeded.
 */
import { lateShareOf, waitProbability } from "../../../src/core/capacity/erlang.ts";
import type { Serving } from "../../../src/core/capacity/learn-capacity.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import type { TrafficSample } from "../../../src/core/traffic.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { NOW } from "../examples.ts";

export type WorldPlan = {
  readonly seed: string;
  readonly days: number;
  readonly slots: number;
  readonly serviceSeconds: number;
  /** cpu of a machine with no work, and of one with all slots busy. */
  readonly idleCpu: number;
  readonly busyCpu: number;
  /** Share of what a machine can do that is asked of it, at night and at the peak; above 1 it is overrun. */
  readonly calm: number;
  readonly peak: number;
  readonly workers: number;
  /** Deviation of the logarithm of each reading. */
  readonly noise: number;
  readonly from: Instant;
};

export const PLAN: WorldPlan = {
  seed: "world",
  days: 3,
  slots: 8,
  serviceSeconds: 0.2,
  idleCpu: 0.03,
  busyCpu: 0.95,
  calm: 0.05,
  peak: 0.8,
  workers: 3,
  noise: 0.1,
  from: NOW - 30 * DAY_MS,
};

/** Requests a minute with every slot busy all the time. */
export const mostOf = ({ slots, serviceSeconds }: WorldPlan): number => (60 * slots) / serviceSeconds;

export function world(changes: Partial<WorldPlan>): { plan: WorldPlan; samples: TrafficSample[] } {
  const plan = { ...PLAN, ...changes };
  const random = createRandom(plan.seed);
  const samples = Array.from({ length: plan.days * 1_440 }, (_, minute) => {
    const wave = Math.sin((Math.PI * minute) / 1_440) ** 2;
    const share = random.logNormal(plan.calm + (plan.peak - plan.calm) * wave, plan.noise);
    return sampleAt(plan, plan.from + minute * MINUTE_MS, share, () => random.logNormal(1, plan.noise));
  });
  return { plan, samples };
}

/** One minute in which `share` of what the machines can do is asked of them. */
export function sampleAt(plan: WorldPlan, at: Instant, share: number, noise: () => number): TrafficSample {
  const done = Math.min(share, 1);
  const asked = share * mostOf(plan) * plan.workers;
  const requests = Math.round(done * mostOf(plan) * plan.workers);
  const p95Seconds = p95Of(plan, done) * (share > 1 ? 3 : 1);
  return {
    at,
    requests,
    cpu: Math.min(1, (plan.idleCpu + (plan.busyCpu - plan.idleCpu) * done) * noise()),
    p95LatencyMs: p95Seconds * 1_000 * noise(),
    concurrency: plan.workers * inWork(plan, done) * noise(),
    errors: Math.min(requests, Math.round(Math.max(0, asked - requests) * 0.5)),
  };
}

/** Mean of the requests on one machine, waiting ones too: a + C·ρ/(1 − ρ). */
function inWork({ slots }: WorldPlan, share: number): number {
  const busy = Math.min(share, 0.99);
  return busy * slots + (waitProbability(busy * slots, slots) * busy) / (1 - busy);
}

/** The time that 95 % of requests are done in, by halving: waiting and work, of which either may be the longer. */
export function p95Of({ slots, serviceSeconds }: WorldPlan, share: number): number {
  const erlangs = Math.min(share, 0.99) * slots;
  const spare = slots - erlangs;
  const work = (t: number) => Math.exp(-t / serviceSeconds);
  const waits = waitProbability(erlangs, slots);
  // P(wait + work > t) for an exponential wait of rate spare/s with chance C, else work alone.
  const longer = (t: number) => {
    const late = lateShareOf(erlangs, slots, serviceSeconds, t);
    if (Math.abs(spare - 1) < 1e-9) return work(t) * (1 + (waits * t) / serviceSeconds);
    return (1 - waits) * work(t) + (waits * work(t) * spare - late) / (spare - 1);
  };
  let low = 0;
  let high = 1_000 * serviceSeconds;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (longer(middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

export const SIZE = "shared-1x-256";
export const servedBy =
  (workers: number, size = SIZE) =>
  (): Serving => ({ workers, size });
