/**
 * How big is this demand, in numbers a person would choose? The 99.9th percentile stands for the peak: one freak minute
 * in a trace must not make every other minute fit into a single machine.
 */
import type { Demand } from "./demand.ts";

const HIGH = 0.999;
const MACHINES_AT_HIGH = 8;
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;

/** The highest 99.9th percentile among the pools, in requests a minute; 0 where nothing was recorded. */
export function highLoad(demand: Demand): number {
  return demand.pools.reduce((highest, { requests }) => Math.max(highest, percentile(requests, HIGH)), 0);
}

/** A round whole number of requests a minute for one machine, so that the busiest pool needs up to about `machines`. */
export function suggestRequestsPerMachine(demand: Demand, machines = MACHINES_AT_HIGH): number {
  const wanted = highLoad(demand) / machines;
  if (wanted <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const mantissa = ROUND.find((step) => step * power >= wanted * (1 - 1e-9)) ?? 10;
  return Math.ceil(mantissa * power - 1e-9);
}

/** Nearest rank over what was recorded. */
function percentile(values: Float64Array, quantile: number): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return known[Math.max(0, Math.ceil(known.length * quantile) - 1)] ?? 0;
}
