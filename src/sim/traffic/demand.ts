/**
 * Demand: what the world asks of each pool, minute by minute. The simulator, the demo and the baselines all read it.
 *
 * NaN is a minute that was not recorded; 0 is a minute in which nobody came. An outage teaches, a gap does not.
 */
import { type Instant, MINUTE_MS } from "../../core/time.ts";

/** requests[i] came in [start + i minutes, start + (i + 1) minutes). Every pool covers the same minutes. */
export type PoolDemand = {
  readonly app: string;
  readonly processGroup: string;
  readonly region: string;
  readonly requests: Float64Array;
};

export type Demand = {
  readonly start: Instant;
  readonly binMs: 60_000;
  readonly pools: readonly PoolDemand[];
};

/** Requests of one pool in the minute that `instant` lies in; null where nothing was recorded or nothing is known. */
export type DemandLookup = (
  app: string,
  processGroup: string,
  region: string,
  instant: Instant,
) => number | null;

/** Makes the lookup. Minutes outside the series and unknown pools give null, never zero. */
export function demandAt(demand: Demand): DemandLookup {
  const byPool = new Map(demand.pools.map((pool) => [keyOf(pool), pool.requests]));
  return (app, processGroup, region, instant) => {
    const requests = byPool.get(keyOf({ app, processGroup, region }));
    const value = requests?.[Math.floor((instant - demand.start) / MINUTE_MS)];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
}

/** End of the last minute. */
export function demandEnd(demand: Demand): Instant {
  return demand.start + (demand.pools[0]?.requests.length ?? 0) * MINUTE_MS;
}

/** The minutes of [from, until) that the demand covers, as a copy. */
export function sliceDemand(demand: Demand, from: Instant, until: Instant): Demand {
  const first = Math.max(0, Math.ceil((from - demand.start) / MINUTE_MS));
  const last = Math.max(first, Math.ceil((until - demand.start) / MINUTE_MS));
  return {
    start: demand.start + first * MINUTE_MS,
    binMs: 60_000,
    pools: demand.pools.map((pool) => ({ ...pool, requests: pool.requests.slice(first, last) })),
  };
}

function keyOf(pool: { app: string; processGroup: string; region: string }): string {
  return `${pool.app}\n${pool.processGroup}\n${pool.region}`;
}
