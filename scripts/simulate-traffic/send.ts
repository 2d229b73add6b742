/**
 * The minutes of a span, in requests of at most 5,000 samples and at most one a second where a pace is set. Two clocks
 * hold it back: the pace, and the stack's own time, ahead of which no sample may be. A simulated time is moved along.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { floorTo, formatInstant, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Demand, demandEnd } from "../../src/sim/traffic/demand.ts";
import type { StackClock } from "../running-stack.ts";
import { postSamples, SAMPLES_A_CALL, type Sample, type Sender } from "./post.ts";

export type Run = Sender & {
  readonly demand: Demand;
  /** Minutes of traffic in a real minute; Infinity: as fast as answered. */
  readonly speed: number;
  readonly clock: StackClock;
  readonly realNow: () => Instant;
  readonly onSent: (until: Instant) => void;
};

/** Resolves when all is sent. @throws AbortError when stopped, UserError when it cannot go on. */
export async function sendSpan(run: Run): Promise<void> {
  const { demand, speed, clock, realNow, tally, stop } = run;
  const began = realNow();
  const end = demandEnd(demand);
  for (let from = demand.start, until = from; from < end; from = until) {
    const behind = clock.simulated ? Number.POSITIVE_INFINITY : (realNow() - from) / MINUTE_MS;
    until = Math.min(end, from + minutesAtOnce(demand.pools.length, speed, behind) * MINUTE_MS);
    const paced = began + (from - demand.start) / speed;
    const due = clock.simulated ? paced : Math.max(paced, until);
    if (due > realNow()) await sleep(due - realNow(), undefined, { signal: stop });
    stop.throwIfAborted();
    await clock.moveTo(until);
    const { samples, gaps } = samplesOf(demand, from, until);
    if (samples.length > 0) await postSamples(samples, run);
    tally.gaps += gaps;
    tally.until = until;
    run.onSent(until);
  }
}

/** A whole number from 1: what fits in a request, at a pace what passes in a second, and only minutes that are over. */
function minutesAtOnce(pools: number, speed: number, behind: number): number {
  const most = Math.min(SAMPLES_A_CALL / pools, Math.ceil(speed / 60), behind);
  return Math.max(1, Math.floor(most));
}

function samplesOf(demand: Demand, from: Instant, until: Instant): { samples: Sample[]; gaps: number } {
  const samples: Sample[] = [];
  let gaps = 0;
  for (let at = floorTo(from, MINUTE_MS); at < until; at += MINUTE_MS) {
    for (const { app, region, processGroup, requests } of demand.pools) {
      const load = requests[(at - demand.start) / MINUTE_MS]!;
      if (Number.isNaN(load)) gaps += 1;
      else samples.push({ app, region, processGroup, at: formatInstant(at), requests: load });
    }
  }
  return { samples, gaps };
}
