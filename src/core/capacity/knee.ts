/**
 * Where a curve that lies low over most loads rises for good: looked for from the busiest level down. Everything above the
 * knee must be high, so a spike at a middling load (an outage, a slow neighbour) is none.
 */
import type { Level } from "./load-levels.ts";

export type Knee = {
  /** Load at which the curve crosses the threshold, interpolated in the logarithm of load. */
  readonly load: number;
  /** Bins above it. */
  readonly above: number;
  /** Share of the bins below it that lie low, as they should. */
  readonly calm: number;
  /** How far the highest level lies above the usual, in the curve's unit. */
  readonly height: number;
};

/** The level under which a quarter of the bins lie: what is usual where nothing is wrong. */
export function usualOf(curve: readonly Level[]): number {
  const sorted = curve.toSorted((a, b) => a.mean - b.mean);
  const quarter = curve.reduce((sum, { weight }) => sum + weight, 0) / 4;
  let seen = 0;
  for (const { mean, weight } of sorted) {
    seen += weight;
    if (seen >= quarter) return mean;
  }
  return Number.NaN;
}

/** null where the busiest level is not above the threshold, surely so, or all levels are. */
export function kneeOf(curve: readonly Level[], threshold: number): Knee | null {
  const isHigh = ({ mean, distance, weight }: Level) => mean - distance / Math.sqrt(weight) > threshold;
  let first = curve.length;
  while (first > 0 && isHigh(curve[first - 1]!)) first--;
  if (first === curve.length || first < 2) return null;
  const low = curve[first - 1]!;
  const high = curve[first]!;
  const share = Math.min(1, Math.max(0, (threshold - low.mean) / (high.mean - low.mean)));
  const below = curve.slice(0, first);
  const above = curve.slice(first);
  const weightOf = (levels: readonly Level[]) => levels.reduce((sum, { weight }) => sum + weight, 0);
  return {
    load: low.load * (high.load / low.load) ** share,
    above: weightOf(above),
    calm: weightOf(below.filter(({ mean }) => mean <= threshold)) / weightOf(below),
    height: Math.max(...above.map(({ mean }) => mean)) - usualOf(curve),
  };
}
