/**
 * The policy that knows the future: never short where max allows, at the fewest machine-minutes possible. No real
 * policy can beat it; how far one is above it is what not knowing costs.
 *
 * Cut the fleet into levels: level k is on in a minute when at least k machines are there. The bill is the sum of the
 * levels' recorded minutes, and each level can be solved alone:
 *
 *   load needs k   ██████·······················█████        · a gap of level k
 *   keep it        ██████████████████████████████████        costs the gap's recorded minutes
 *   boot it again  ██████················bbbbbbb█████        costs the recorded minutes of one boot (b)
 *
 * No policy does better. Take a minute that needs k, and the end of a gap before it. A machine that serves then was
 * there for a whole boot, and removed ones do not come back; so k machines were there throughout that boot, or, if the
 * count never fell below k, throughout the gap. Every level thus costs at least the cheaper of the two in each gap,
 * whatever the other levels do; from the start to the first need counts as a gap too (a policy starts settled), and
 * after the last need a level costs nothing.
 *
 * The sum is reachable. A removal takes a booting machine first, so a level must not go while a higher one boots: level
 * k's gap lies in every higher level's gap; if k goes at t, then keeping was dearer than a boot, so the gap lasts more
 * than a boot after t, while a higher level that boots at t is on within a boot, where k is on as well. Ties must
 * therefore keep. A minute that was not recorded needs nothing and is free, which the counts above already say.
 */
import { type Bounds, checkBounds, needOf } from "./need.ts";

export type ClairvoyantOptions = Bounds & {
  /** Whole minutes from asking to serving. */
  readonly bootMinutes: number;
};

/**
 * Desired count for every minute of `series` (requests a minute, NaN not recorded), for the referee in `evaluate.ts`
 * with the same options. Time: minutes × peak machines at most, in practice minutes + sum of the rises.
 */
export function clairvoyant(series: Float64Array, options: ClairvoyantOptions): Int32Array {
  checkBounds(options);
  const { bootMinutes, min } = options;
  if (!Number.isInteger(bootMinutes) || bootMinutes < 0) {
    throw new RangeError(`Cannot boot in ${bootMinutes} minutes: use a whole number of 0 or more.`);
  }
  const need = Int32Array.from(series, (requests) => needOf(requests, options));
  const recordedBefore = countRecorded(series);
  const recorded = (from: number, until: number) => recordedBefore[until]! - recordedBefore[from]!;
  // change[t] collects how many levels go on or off at t.
  const change = new Int32Array(series.length + 1);
  // Where level k's gap began; a level that was not needed so far is in its first gap, from minute 0.
  const gapSince: number[] = [];
  let on = min;
  for (let minute = 0; minute < series.length; minute++) {
    const now = need[minute]!;
    for (let level = on; level > now; level--) gapSince[level] = minute;
    for (let level = on + 1; level <= now; level++) {
      const gapStart = gapSince[level] ?? 0;
      const bootStart = minute - bootMinutes;
      const keep = bootStart <= gapStart || recorded(gapStart, minute) <= recorded(bootStart, minute);
      change[keep ? gapStart : bootStart]! += 1;
    }
    for (let level = on; level > now; level--) change[minute]! -= 1;
    on = now;
  }
  return runningSum(change, min, series.length);
}

/** count[t] is the number of recorded minutes before t. */
function countRecorded(series: Float64Array): Int32Array {
  const count = new Int32Array(series.length + 1);
  for (let t = 0; t < series.length; t++) count[t + 1] = count[t]! + (Number.isNaN(series[t]!) ? 0 : 1);
  return count;
}

function runningSum(change: Int32Array, start: number, length: number): Int32Array {
  const desired = new Int32Array(length);
  let machines = start;
  for (let t = 0; t < length; t++) {
    machines += change[t]!;
    desired[t] = machines;
  }
  return desired;
}
