/**
 * A quantile from the buckets of a histogram, as Prometheus's histogram_quantile: linear within the bucket in which it
 * lies, counted from zero in the first one.
 *
 * The trap is the last bucket, which has no upper end: a quantile in it is only known to be above the highest bound, and
 * that bound is the answer.
 */

/** `le` is the upper bound in the histogram's unit, `count` what lies at or below it. */
export type Bucket = { readonly le: number; readonly count: number };

/** The quantile in the histogram's unit; null where nothing was counted or the last bucket is missing. */
export function quantileOf(buckets: readonly Bucket[], quantile: number): number | null {
  const sorted = [...buckets].sort((a, b) => a.le - b.le);
  const total = sorted.at(-1);
  if (total?.le !== Number.POSITIVE_INFINITY || !(total.count > 0)) return null;
  const rank = quantile * total.count;
  // Rates of single buckets may be a hair out of order.
  let below = 0;
  let from = 0;
  for (const { le, count } of sorted) {
    if (count >= rank && count > below) {
      return le === Number.POSITIVE_INFINITY ? from : from + ((le - from) * (rank - below)) / (count - below);
    }
    below = Math.max(below, count);
    from = le;
  }
  return null;
}
