/**
 * The extremal index on processes whose own is known. Of independent bins it is 1. Where each bin is the highest of k independent
 * draws, its own and those of the k − 1 bins before (Leadbetter 1983's moving maximum), it is 1/k in the limit; over a window of
 * m bins there are m + k − 1 draws for m·k in the product of the bins' own shares, so what is measured is (m + k − 1)/(m·k).
 */
import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { maxOver } from "../../../src/core/forecast/peaks.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_HOUR = HOUR_MS / BIN_MS;
const START = Date.UTC(2026, 5, 1);
const { update } = ensembleForecaster("UTC", BIN_MS);

/** The highest of the last `k` draws, in every bin: no season, the same distribution always. */
function movingMaximum(k: number, days: number): number[] {
  const random = createRandom(`moving maximum of ${k}`);
  const draws = Array.from({ length: (days * DAY_MS) / BIN_MS + k }, () => random.logNormal(500, 0.3));
  return Array.from({ length: draws.length - k }, (_, i) => Math.max(...draws.slice(i, i + k)));
}

function learn(values: readonly number[], before: ForecastState | null = null): ForecastState {
  const start = before?.through ?? START;
  return update(before, { start, binMs: BIN_MS, values }, [], start + values.length * BIN_MS);
}

describe("the extremal index that is learned", () => {
  it.each([1, 2, 3, 6])("of a moving maximum of %d is that of theory", (k) => {
    const state = learn(movingMaximum(k, 60));
    const theory = (PER_HOUR + k - 1) / (PER_HOUR * k);
    const learned = 1 / Math.max(1, state.pulse.crowding);
    // Some 250 hours are remembered, each with an exponential surprise of its own: a standard error of 6 %.
    expect(Math.abs(learned / theory - 1), `${learned} for ${theory}`).toBeLessThan(0.2);
  });

  it("grows with the dependence", () => {
    const crowding = [1, 2, 3, 6].map((k) => learn(movingMaximum(k, 60)).pulse.crowding);
    expect(crowding).toEqual([...crowding].sort((a, b) => a - b));
  });
});

describe("the quantile of the highest bin", () => {
  it.each([1, 3])("of an hour of a moving maximum of %d is covered as often as promised", (k) => {
    const values = movingMaximum(k, 60);
    const known = (30 * DAY_MS) / BIN_MS;
    let state = learn(values.slice(0, known));
    let under = 0;
    let hours = 0;
    // Every second hour: the hours between keep one from the next.
    for (let at = known; at + 2 * PER_HOUR <= values.length; at += 2 * PER_HOUR, hours++) {
      const window = { from: state.through, until: state.through + HOUR_MS };
      under += Math.max(...values.slice(at, at + PER_HOUR)) <= maxOver(state, window, 0.9) ? 1 : 0;
      state = learn(values.slice(at, at + 2 * PER_HOUR), state);
    }
    // Four standard errors of 360 independent hours.
    expect(Math.abs(under / hours - 0.9), `${under} of ${hours}`).toBeLessThan(4 * Math.sqrt(0.09 / hours));
  });

  it("never falls in the quantile, nor in the window, and is nothing for none", () => {
    const state = learn(movingMaximum(2, 10));
    const over = (bins: number, quantile: number) =>
      maxOver(state, { from: state.through, until: state.through + bins * BIN_MS }, quantile);
    const rising = (loads: number[]) => expect(loads).toEqual([...loads].sort((a, b) => a - b));
    rising([0.01, 0.1, 0.5, 0.9, 0.99, 0.999].map((quantile) => over(6, quantile)));
    rising([1, 2, 6, 24, 288].map((bins) => over(bins, 0.9)));
    expect([over(0, 0.9), over(-3, 0.9)]).toEqual([0, 0]);
  });
});
