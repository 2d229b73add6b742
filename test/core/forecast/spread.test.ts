import { describe, expect, it } from "vitest";
import { placeOf } from "../../../src/core/forecast/grid.ts";
import { addRow } from "../../../src/core/forecast/least-squares.ts";
import { emptyMemory, followTrack, MISS_1D, MISS_1H } from "../../../src/core/forecast/memory.ts";
import {
  DAY_PARTS,
  dayPart,
  freshSpread,
  SPREAD_FEATURES,
  settleSpread,
  spreadFeatures,
  spreadOf,
} from "../../../src/core/forecast/spread.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const grid = { zone: "Europe/Berlin", binMs: 5 * MINUTE_MS };
const BIN = 5_000_000;

/** The four running means of misses: overall, last hour, time of day, last day. */
function featuresOf(values: readonly [number, number, number, number]): Float64Array {
  const [overall, hour, part, day] = values;
  const memory = emptyMemory(grid, BIN);
  memory.last = BIN;
  followTrack(memory, MISS_1H, BIN, hour, 1);
  followTrack(memory, MISS_1D, BIN, day, 1);
  const g = new Float64Array(SPREAD_FEATURES);
  spreadFeatures(g, memory, overall, part, BIN);
  return g;
}

/** A model that saw `size(g)` as the usual miss at 2000 random moments. */
function fitted(size: (g: Float64Array) => number) {
  const random = createRandom("spread");
  const model = freshSpread();
  const draw = () => random.logNormal(1, 0.8);
  for (let i = 0; i < 2_000; i++) {
    const g = featuresOf([draw(), draw(), draw(), draw()]);
    addRow(model.sums, g, size(g) * random.logNormal(1, 0.1), 1);
  }
  settleSpread(model);
  return model;
}

describe("the usual miss here and now", () => {
  it("is learned: what follows the last hour, and what follows the time of day", () => {
    const stormy = fitted((g) => 2 * g[1]!);
    const nightly = fitted((g) => 2 * g[2]!);
    const [storm, night] = [featuresOf([1, 4, 1, 1]), featuresOf([1, 1, 4, 1])];
    expect(spreadOf(stormy, storm, 4)).toBeGreaterThan(2 * spreadOf(stormy, night, 4));
    expect(spreadOf(nightly, night, 4)).toBeGreaterThan(2 * spreadOf(nightly, storm, 4));
    expect(Math.abs(spreadOf(stormy, storm, 4) / 8 - 1)).toBeLessThan(0.15);
  });

  it("has the height of what was missed, whatever the unit", () => {
    for (const unit of [1e-6, 1, 1e6]) {
      const model = fitted((g) => 3 * unit * g[0]!);
      expect(Math.abs(spreadOf(model, featuresOf([1, 1, 1, 1]), 3 * unit) / (3 * unit) - 1)).toBeLessThan(
        0.15,
      );
    }
  });

  it("stays between 0.3 and 5 times the mean miss, and above zero, whatever least squares say", () => {
    const model = freshSpread();
    model.weights.set([-9, 0, 0, 0]);
    expect(spreadOf(model, featuresOf([1, 1, 1, 1]), 2)).toBeCloseTo(0.6, 9);
    model.weights.set([900, 0, 0, 0]);
    expect(spreadOf(model, featuresOf([1, 1, 1, 1]), 2)).toBeCloseTo(10, 6);
    expect(spreadOf(model, featuresOf([0, 0, 0, 0]), 0)).toBeGreaterThan(0);
  });

  it("is believed as it was where nothing was seen", () => {
    const model = freshSpread();
    const before = model.weights.slice();
    settleSpread(model);
    expect(model.weights).toEqual(before);
  });
});

it.each(["2026-03-29", "2026-10-25", "2026-06-07"])("gives every bin of %s one of 48 half-hours", (day) => {
  const midnight = Date.parse(`${day}T00:00:00Z`) - 3 * HOUR_MS;
  for (let at = midnight; at < midnight + DAY_MS + 4 * HOUR_MS; at += grid.binMs) {
    const part = dayPart(placeOf(grid, at / grid.binMs), 288);
    expect(part).toBeGreaterThanOrEqual(0);
    expect(part).toBeLessThan(DAY_PARTS);
    const local = new Date(at).toLocaleTimeString("en-GB", { timeZone: grid.zone, hour12: false });
    expect(part).toBe(Number(local.slice(0, 2)) * 2 + Math.floor(Number(local.slice(3, 5)) / 30));
  }
});
