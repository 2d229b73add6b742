/**
 * Capacity by errors: the load from which on the share of failed requests is a percent, and three times the usual, above it.
 * The last signal to come: where it speaks, requests were lost. An outage at any load is not load: all that is busier must
 * fail too.
 */
import { kneeOf, usualOf } from "./knee.ts";
import type { Level } from "./load-levels.ts";
import { extentOf, rising, type SignalAnswer, silence, tooLittle } from "./signal-answer.ts";

const MORE_SHARE = 0.01;
const TIMES_USUAL = 3;
const HALF_SURE_ABOVE = 6;
const HALF_SURE_SAMPLES = 60;

/** @param curve of shares of failed requests, without idle machines */
export function errorsSignal(curve: readonly Level[]): SignalAnswer {
  const thin = tooLittle("errors", curve);
  if (thin !== null) return thin;
  const extent = extentOf(curve);
  const usual = usualOf(curve);
  const knee = kneeOf(curve, Math.max(usual + MORE_SHARE, TIMES_USUAL * usual));
  if (knee === null)
    return silence("errors", curve, `errors did not rise up to ${Math.round(extent.to)} requests a minute`);
  return {
    signal: "errors",
    requestsPerWorker: knee.load,
    confidence:
      rising(extent.samples, HALF_SURE_SAMPLES) * rising(knee.above, HALF_SURE_ABOVE) * knee.calm ** 2,
    ...extent,
    why: `errors rise from ${Math.round(knee.load)} requests a minute on`,
  };
}
