/**
 * A source of metrics in memory: it answers the samples that it was given, as far as they are settled and kept, or fails
 * as it is told.
 */
import { poolName } from "../../core/fleet.ts";
import { DAY_MS, floorTo, type Instant, SECOND_MS } from "../../core/time.ts";
import type { PoolSample, TrafficFailure, TrafficSource } from "../../ports.ts";

export type MemoryTrafficSource = TrafficSource & {
  /** Adds samples; a later one for the same pool and instant counts. */
  put(samples: readonly PoolSample[]): void;
  /** Every read fails so from now on; null: none. */
  fail(kind: TrafficFailure | null): void;
  /** Spans that were read, as "app from until". */
  readonly reads: { readonly app: string; readonly from: Instant; readonly until: Instant }[];
};

export function createMemoryTrafficSource(now: () => Instant): MemoryTrafficSource {
  const samples = new Map<string, PoolSample>();
  const reads: MemoryTrafficSource["reads"] = [];
  const settleMs = 45 * SECOND_MS;
  const keptMs = 15 * DAY_MS;
  let failure: TrafficFailure | null = null;
  return {
    settleMs,
    keptMs,
    reads,
    put(list) {
      for (const sample of list) samples.set(`${poolName(sample.pool)} ${sample.at}`, sample);
    },
    fail(kind) {
      failure = kind;
    },
    async read({ app, from, until, binMs }) {
      reads.push({ app, from, until });
      if (failure !== null) return { status: "failed", kind: failure, why: `it was told to (${failure})` };
      const settled = floorTo(now() - settleMs, binMs);
      const found = [...samples.values()].filter(({ pool, at }) => {
        return (
          pool.app === app && at >= Math.max(from, now() - keptMs) && at < until && at + binMs <= settled
        );
      });
      found.sort((a, b) =>
        poolName(a.pool) < poolName(b.pool) ? -1 : poolName(a.pool) > poolName(b.pool) ? 1 : a.at - b.at,
      );
      return { status: "answered", samples: found, saturation: [], warnings: [], points: found.length };
    },
  };
}
