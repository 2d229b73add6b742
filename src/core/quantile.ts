/**
 * A Quantile is a fraction in (0, 1), never a percentage: 0.95 is the load that is exceeded once in twenty.
 */
export type Quantile = number;

/**
 * The value at `quantile` of a curve known at the points `levels` (ascending) with `values`: linear between two points,
 * held constant beyond the ends. `values` must not fall.
 */
export function interpolateQuantile(
  levels: readonly Quantile[],
  values: readonly number[],
  quantile: Quantile,
): number {
  const above = levels.findIndex((level) => level >= quantile);
  if (above === -1) return values[values.length - 1]!;
  if (above === 0) return values[0]!;
  const low = levels[above - 1]!;
  const share = (quantile - low) / (levels[above]! - low);
  return values[above - 1]! + share * (values[above]! - values[above - 1]!);
}
