/**
 * Nothing after an origin may change what is forecast at it, not by a byte. The same trace is forecast twice, once with
 * everything from the origin on replaced by noise; and, as the product lives it, in small ticks and in one go.
 */
import { describe, expect, it } from "vitest";
import { encodeState } from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { STORED_QUANTILES } from "../../../src/core/forecast/forecast.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const START = Date.UTC(2026, 5, 1);
const BIN_MS = 5 * MINUTE_MS;
const BINS = (12 * DAY_MS) / BIN_MS;

function trace(seed: string): number[] {
  const random = createRandom(seed);
  return Array.from({ length: BINS }, (_, i) => {
    if (random.next() < 0.01) return Number.NaN;
    const daily = 1.2 + Math.sin((2 * Math.PI * i * BIN_MS) / DAY_MS);
    return random.next() < 0.005 ? 9_000 * random.next() : 300 * daily * random.logNormal(1, 0.1);
  });
}

/** Forecasts of two days at every seventh hour, as text: each state is carried on from the one before. */
function forecasts(values: readonly number[], until: number): string[] {
  const { update, forecast } = ensembleForecaster("Europe/Berlin", BIN_MS);
  let state: ForecastState | null = null;
  const answers: string[] = [];
  for (let now = START + 7 * HOUR_MS; now <= until; now += 7 * HOUR_MS) {
    const from: number = state?.through ?? START;
    const known = values.slice((from - START) / BIN_MS, (now - START) / BIN_MS);
    state = update(state, { start: from, binMs: BIN_MS, values: known }, [], now);
    answers.push(
      JSON.stringify(forecast(state, { from: now, until: now + 2 * DAY_MS, quantiles: STORED_QUANTILES })),
    );
  }
  return answers;
}

describe("a forecast", () => {
  it.each([2, 5, 9])("does not know what comes after day %i", (day) => {
    const origin = START + day * DAY_MS;
    const known = trace("real");
    const noise = trace("noise");
    const replaced = known.map((value, i) => (START + i * BIN_MS >= origin ? 50 * noise[i]! : value));
    expect(forecasts(replaced, origin)).toEqual(forecasts(known, origin));
  });

  it("is the same however the samples were cut into ticks", () => {
    const values = trace("cut");
    const end = START + BINS * BIN_MS;
    const { update } = ensembleForecaster("America/New_York", BIN_MS);
    const whole = update(null, { start: START, binMs: BIN_MS, values }, [], end);
    let state: ForecastState | null = null;
    const random = createRandom("ticks");
    for (let at = 0; at < BINS; ) {
      const next = Math.min(BINS, at + random.int(1, 30));
      const from: number = state?.through ?? START;
      const series = { start: from, binMs: BIN_MS, values: values.slice((from - START) / BIN_MS, next) };
      state = update(state, series, [], START + next * BIN_MS);
      at = next;
    }
    expect(JSON.stringify(encodeState(state!))).toBe(JSON.stringify(encodeState(whole)));
  });
});
