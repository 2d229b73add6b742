/**
 * How likely is the load above x? A forecast says it at a few quantiles; this reads the rest between the lines: between two
 * of them the risk falls exponentially, below the lowest it falls evenly from certainty at no load, and above the highest as a
 * power of the distance from the median: whoever never saw it must not call it impossible (Pareto's tail).
 *
 * Distances are taken between cube roots, the scale on which the forecaster's errors are about alike.
 *
 * The trap is closed hours: where half the quantiles are 0 the risk of any load at all is what the others leave over.
 */
import { rootOf } from "../forecast/root.ts";
import type { Quantile } from "../quantile.ts";

const TAIL_POWER = 2;

/** What is known of one bin's load: `loads[i]` is exceeded with probability 1 − `quantiles[i]`; both ascending. */
export type Curve = { readonly quantiles: readonly Quantile[]; readonly loads: readonly number[] };

/** The probability that the load exceeds `load`, which must not be negative. */
export function riskAbove({ quantiles, loads }: Curve, load: number): number {
  const last = loads.length - 1;
  let above = 0;
  while (above <= last && loads[above]! <= load) above++;
  if (above > last) return beyond(loads, 1 - quantiles[last]!, load);
  const high = 1 - quantiles[above]!;
  if (above === 0) return 1 - (1 - high) * (load / loads[0]!);
  const low = 1 - quantiles[above - 1]!;
  const share = (load - loads[above - 1]!) / (loads[above]! - loads[above - 1]!);
  return low * (high / low) ** share;
}

function beyond(loads: readonly number[], risk: number, load: number): number {
  const middle = rootOf(loads[0]!);
  const known = rootOf(loads[loads.length - 1]!) - middle;
  const distance = rootOf(load) - middle;
  return distance <= known ? risk : risk * (known / distance) ** TAIL_POWER;
}
