/**
 * Capacity by latency: the load from which on the P95 is twice what it usually is. A machine slows down before it fails, and
 * how much before depends on how many requests it works on at once, so nothing is assumed of the curve's shape: it is
 * looked at where it rises.
 *
 * The trap is a curve that has not risen yet. It is no capacity at all, only a load that was carried well.
 */
import { clamp } from "../clamp.ts";
import { kneeOf, usualOf } from "./knee.ts";
import type { Level } from "./load-levels.ts";
import { extentOf, rising, type SignalAnswer, silence, tooLittle } from "./signal-answer.ts";

const TWICE = Math.log(2);
const HALF_SURE_ABOVE = 6;
const HALF_SURE_SAMPLES = 60;

/** @param curve of log P95 in ms, without idle machines */
export function latencySignal(curve: readonly Level[]): SignalAnswer {
  const thin = tooLittle("latency", curve);
  if (thin !== null) return thin;
  const extent = extentOf(curve);
  const usual = usualOf(curve);
  const knee = kneeOf(curve, usual + TWICE);
  if (knee === null)
    return silence("latency", curve, `P95 did not double up to ${Math.round(extent.to)} requests a minute`);
  return {
    signal: "latency",
    requestsPerWorker: knee.load,
    confidence:
      rising(extent.samples, HALF_SURE_SAMPLES) *
      rising(knee.above, HALF_SURE_ABOVE) *
      clamp(knee.height / (1.5 * TWICE), 0, 1) *
      knee.calm ** 2,
    ...extent,
    why: `P95 is above twice the usual ${Math.round(Math.exp(usual))} ms from ${Math.round(knee.load)} requests a minute on`,
  };
}
