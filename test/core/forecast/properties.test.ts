/** What holds for any traffic: quantiles in order, nothing negative or undefined, and no dependence on units or dates. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { STORED_QUANTILES } from "../../../src/core/forecast/forecast.ts";
import { maxOver } from "../../../src/core/forecast/peaks.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../../../src/core/time.ts";

const START = Date.UTC(2026, 5, 1);
const BIN_MS = 15 * MINUTE_MS;

function forecastOf(values: readonly number[], start = START, zone = "UTC") {
  const { update, forecast } = ensembleForecaster(zone, BIN_MS);
  const now = start + values.length * BIN_MS;
  const state = update(null, { start, binMs: BIN_MS, values }, [], now);
  return {
    state,
    now,
    ...forecast(state, { from: now, until: now + 2 * DAY_MS, quantiles: STORED_QUANTILES }),
  };
}

const loads = fc.oneof(
  fc.constant(0),
  fc.constant(Number.NaN),
  fc.double({ min: 0, max: 1e4, noNaN: true }),
  fc.double({ min: 0, max: 1e-6, noNaN: true }),
  fc.double({ min: 0, max: 1e12, noNaN: true }),
);
const traffic = fc.oneof(
  fc.array(loads, { minLength: 1, maxLength: 700 }),
  fc
    .tuple(loads, fc.integer({ min: 1, max: 900 }))
    .map(([load, length]) => new Array<number>(length).fill(load)),
);

describe("any traffic", () => {
  it("gives quantiles in order, from zero up, without a hole", () => {
    fc.assert(
      fc.property(traffic, (values) => {
        const { load } = forecastOf(values);
        for (let i = 0; i < load[0]!.length; i++) {
          const curve = load.map((one) => one[i]!);
          expect(
            curve.every((value) => Number.isFinite(value) && value >= 0),
            `${curve}`,
          ).toBe(true);
          expect([...curve].sort((a, b) => a - b)).toEqual(curve);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("has a highest bin that is no lower than any bin's own quantile, and higher at higher quantiles", () => {
    fc.assert(
      fc.property(traffic, (values) => {
        const { state, now, load } = forecastOf(values);
        const window = { from: now, until: now + 3 * HOUR_MS };
        const highest = STORED_QUANTILES.map((quantile) => maxOver(state, window, quantile));
        // Each is searched for by itself, to a hundred-thousandth of its root.
        highest.slice(1).forEach((load, i) => {
          expect(load).toBeGreaterThanOrEqual(highest[i]! * (1 - 1e-4));
        });
        load.forEach((curve, q) => {
          const own = Math.max(...curve.slice(0, 12));
          expect(highest[q]!).toBeGreaterThanOrEqual(own * (1 - 1e-6) - 0.02);
        });
      }),
      { numRuns: 25 },
    );
  });
});

describe("extreme counts", () => {
  const SHAPES: readonly [string, (extreme: number, i: number) => number][] = [
    ["always", (extreme) => extreme],
    ["every other bin", (extreme, i) => (i % 2 === 0 ? extreme : 0)],
    ["once", (extreme, i) => (i === 300 ? extreme : 5)],
    ["first", (extreme, i) => (i === 0 ? extreme : 5)],
  ];
  const extremes = [5e-324, 1e-45, 1e-9, 1e12, 3.5e38, 1e200, Number.MAX_VALUE, Number.POSITIVE_INFINITY];

  it.each(SHAPES)("%s: every answer is a number, also from the state at rest", (_name, shape) => {
    for (const extreme of extremes) {
      const values = Array.from({ length: 400 }, (_, i) => shape(extreme, i));
      const { state, now, load, confidence } = forecastOf(values);
      const stored = JSON.stringify(encodeState(state));
      expect(stored, `${extreme}`).not.toContain("null");
      const back = decodeState(JSON.parse(stored));
      const request = { from: now, until: now + DAY_MS, quantiles: STORED_QUANTILES };
      const again = ensembleForecaster("UTC", BIN_MS).forecast(back!, request);
      const highest = maxOver(state, { from: now, until: now + HOUR_MS }, 0.95);
      const numbers = [...load.flat(), ...again.load.flat(), highest, confidence];
      expect(
        numbers.every((value) => Number.isFinite(value) && value >= 0),
        `${extreme}`,
      ).toBe(true);
    }
  });
});

describe("the unit and the date", () => {
  const day = (i: number) => 40 + 30 * Math.sin((2 * Math.PI * i) / 96) + ((i * 7_919) % 13);
  const values = Array.from({ length: 10 * 96 }, (_, i) => day(i));

  it.each([1e-2, 7, 1e4])("a load %d times as large is forecast that many times as large", (factor) => {
    const [one, many] = [forecastOf(values), forecastOf(values.map((value) => factor * value))];
    one.load.forEach((curve, q) => {
      curve.forEach((load, i) => {
        expect(Math.abs(many.load[q]![i]! - factor * load)).toBeLessThanOrEqual(
          0.01 * factor * load + 0.011 * (1 + factor),
        );
      });
    });
  });

  // Not to the byte: which bins the longer leads learn from goes by their number since 1970.
  it("the same weeks four weeks later are forecast nearly the same", () => {
    const [now, later] = [forecastOf(values), forecastOf(values, START + 4 * WEEK_MS)];
    now.load.forEach((curve, q) => {
      curve.forEach((load, i) => {
        expect(Math.abs(later.load[q]![i]! - load)).toBeLessThanOrEqual(0.05 * load + 0.5);
      });
    });
  });
});
