/**
 * A mean that follows what changes and is not moved by what is odd, in three numbers. Its rate is 1/n up to a limit, so it
 * begins as the plain mean and ends as one of the last few hundred; once it knows how far values usually lie from it, one
 * further away counts only as far as four times that.
 *
 * The trap is a value that never varies: its usual distance is 0, and then the first change would be clipped to nothing. So
 * the distance is never taken for less than `least`.
 */

/** How many values it stands for, their mean, their mean distance from it. JSON, as it is kept. */
export type RunningMean = readonly [count: number, mean: number, distance: number];

export const NO_MEAN: RunningMean = [0, 0, 0];

/** From here on old values fade. */
const MOST_COUNTED = 240;
/** Before so many values nothing is odd. */
const FIRST_VALUES = 5;
const ODD_DISTANCES = 4;
/** And makes the usual distance grow by no more than this, or a long outage would become the usual. */
const WIDENING_DISTANCES = 2;
/** Kept as text: five digits are more than a mean is good for. */
const DIGITS = 5;

/** @param least distance from the mean below which no value is odd, in its own unit */
export function withValue([count, mean, distance]: RunningMean, value: number, least: number): RunningMean {
  const rate = 1 / Math.min(count + 1, MOST_COUNTED);
  const furthest =
    count < FIRST_VALUES ? Number.POSITIVE_INFINITY : ODD_DISTANCES * Math.max(distance, least);
  const off = Math.max(-furthest, Math.min(furthest, value - mean));
  return [
    round(Math.min(count + 1, MOST_COUNTED)),
    round(mean + rate * off),
    round(distance + rate * (distanceOf(off, count, Math.max(distance, least)) - distance)),
  ];
}

/** Of the first value alone nothing is known of the distance. */
function distanceOf(off: number, count: number, usual: number): number {
  if (count < 1) return 0;
  return count < FIRST_VALUES ? Math.abs(off) : Math.min(Math.abs(off), WIDENING_DISTANCES * usual);
}

/** The same mean, standing for a share of the values: what comes next moves it the more. */
export function faded([count, mean, distance]: RunningMean, share: number): RunningMean {
  return [round(count * share), mean, distance];
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
