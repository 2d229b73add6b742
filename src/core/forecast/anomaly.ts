/**
 * Each new sample against its own forecast. The score is the miss in usual misses: 0 as expected, 3 unusual, above
 * twelve an anomaly. Four kinds are told apart, since they ask for different things: a spike and a drop are traffic (or
 * its end), a stuck sensor says the same load again and again where it should vary, a missing one says nothing.
 *
 * What is anomalous once is learned only up to the limit; what stays is believed from the second bin on: a launch looks
 * like a fault for five minutes. Source: the one-step residual tests of Burman and Otto (1988), in their simplest form.
 *
 * The trap: at night a shop stands at zero for hours, and that is no stuck sensor; only a load that should vary can stick.
 */
import { rootOf } from "./root.ts";
import type { ForecastState, Pulse } from "./state.ts";

export type AnomalyKind = "none" | "spike" | "drop" | "stuck" | "missing";
export type Anomaly = { readonly kind: AnomalyKind; readonly score: number };

/** Usual misses beyond which a sample is an anomaly. */
export const ANOMALY_SCORE = 12;
/** Bins in a row with one load, to the last digit, that are no chance. */
const STUCK_BINS = 6;

/** What the next bin's `load` would be: NaN is missing. Before a day was seen all is "none". */
export function anomalyOf({ pulse, profile }: ForecastState, load: number): Anomaly {
  if (Number.isNaN(load)) return { kind: "missing", score: 0 };
  if (profile.overallCount <= profile.day.length || pulse.miss === 0) return { kind: "none", score: 0 };
  const score = (rootOf(load) - pulse.expected) / pulse.miss;
  if (score > ANOMALY_SCORE) return { kind: "spike", score };
  if (score < -ANOMALY_SCORE) return { kind: "drop", score };
  const sticks = load > 0 && load === pulse.lastLoad && pulse.sameFor + 1 >= STUCK_BINS;
  return { kind: sticks ? "stuck" : "none", score };
}

/** The root to learn at short range: the measured one, or no farther than `limit` off the expected for a first odd bin. */
export function judge(pulse: Pulse, root: number, load: number, limit: number): number {
  pulse.sameFor = load === pulse.lastLoad ? pulse.sameFor + 1 : 1;
  pulse.lastLoad = load;
  const miss = root - pulse.expected;
  if (Math.abs(miss) <= limit) {
    pulse.odd = 0;
    return root;
  }
  pulse.odd += 1;
  return pulse.odd > 1 ? root : pulse.expected + Math.sign(miss) * limit;
}
