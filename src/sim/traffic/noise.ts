/**
 * What no shape explains. Real load strays from its shape for minutes and for hours at a time, so the multiplier here
 * is the product of two slow walks that are drawn back to 1 (autoregression of order one on the logarithm); counting
 * noise comes on top, as a Poisson draw of the resulting mean.
 *
 * Independent noise alone would be too kind: it averages out within a bin, and a forecaster would look better than it is.
 */
import type { Random } from "../random.ts";

const WALKS = [
  { deviation: 0.05, memoryMinutes: 20 },
  { deviation: 0.06, memoryMinutes: 8 * 60 },
] as const;

/** Makes the multiplier of successive minutes: always above 0, 1 in the mean, about 8 % either way. */
export function correlatedNoise(random: Random): () => number {
  const walks = WALKS.map(({ deviation, memoryMinutes }) => {
    const keep = Math.exp(-1 / memoryMinutes);
    const step = deviation * Math.sqrt(1 - keep * keep);
    return { keep, step, value: deviation * random.normal() };
  });
  const meanOfLog = WALKS.reduce((sum, { deviation }) => sum - (deviation * deviation) / 2, 0);
  return () => {
    let log = meanOfLog;
    for (const walk of walks) {
      walk.value = walk.keep * walk.value + walk.step * random.normal();
      log += walk.value;
    }
    return Math.exp(log);
  };
}
