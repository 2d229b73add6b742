import { describe, expect, it } from "vitest";
import {
  binsSeen,
  errorsAt,
  rootsAhead,
  shareBelowAt,
  sharesOf,
} from "../../../src/core/forecast/bins-ahead.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { freshDesk, standAt } from "../../../src/core/forecast/mixture.ts";
import { bent, recordOf, unbent } from "../../../src/core/forecast/record.ts";
import { loadOf, rootOf } from "../../../src/core/forecast/root.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_DAY = DAY_MS / BIN_MS;
const START = Date.UTC(2026, 2, 2);
const { update, forecast } = ensembleForecaster("UTC");

function learned(days: number, load: (bin: number) => number) {
  const length = days * PER_DAY;
  const values = Array.from({ length }, (_, bin) => load(bin));
  const now = START + length * BIN_MS + 20 * MINUTE_MS;
  return { state: update(null, { start: START, binMs: BIN_MS, values }, [], now), now };
}

/** Quiet for most of the day, restless for an hour: whose misses, in spreads, are wild. */
const random = createRandom("record");
const restless = (bin: number) =>
  bin % PER_DAY > 144 && bin % PER_DAY < 156 ? random.pick([10, 10, 10, 200, 3_000]) : random.between(9, 11);

describe("bending", () => {
  it("leaves what is not above alone, goes on from there without a step, and never falls", () => {
    expect(bent(3, 3)).toBe(3);
    expect(bent(3.000_001, 3)).toBeCloseTo(3, 5);
    const roots = Array.from({ length: 100 }, (_, i) => bent(i / 10, 3));
    expect(roots).toEqual([...roots].sort((a, b) => a - b));
    expect(bent(30, 3)).toBeCloseTo(3 * 10 ** 0.1, 12);
    expect(bent(30, Number.POSITIVE_INFINITY)).toBe(30);
  });

  it("is undone by unbending", () => {
    for (const root of [0, 1, 3, 3.1, 10]) expect(unbent(bent(root, 3), 3)).toBeCloseTo(root, 9);
  });
});

describe("the record", () => {
  it("does not count before two days were seen", () => {
    expect(recordOf(learned(1.9, restless).state)).toBe(Number.POSITIVE_INFINITY);
    expect(loadOf(recordOf(learned(3, restless).state))).toBeGreaterThan(2_800);
  });

  it("bends nothing of a pool that had no traffic at all", () => {
    expect(recordOf(learned(3, () => 0).state)).toBe(Number.POSITIVE_INFINITY);
  });

  it("fades by half within six weeks", () => {
    const { state } = learned(44, (bin) => (bin === 0 ? 8_000 : 100));
    expect(loadOf(recordOf(state))).toBeGreaterThan(3_500);
    expect(loadOf(recordOf(state))).toBeLessThan(4_500);
  });

  it("is hardly exceeded by the rarest quantiles of a restless hour", () => {
    const { state, now } = learned(20, restless);
    const { load } = forecast(state, { from: now, until: now + DAY_MS, quantiles: [0.999, 0.9999] });
    for (const curve of load) expect(Math.max(...curve)).toBeLessThan(2 * 3_000);
  });

  it("does not hold back growth", () => {
    const { state, now } = learned(14, (bin) =>
      bin < 13 * PER_DAY ? 100 : 100 * 1.02 ** (bin - 13 * PER_DAY),
    );
    const { load } = forecast(state, { from: now, until: now + BIN_MS, quantiles: [0.5, 0.9, 0.99] });
    expect(load[0]![0]).toBeGreaterThan(0.8 * 100 * 1.02 ** PER_DAY);
    expect(load[2]![0]!).toBeGreaterThan(load[1]![0]!);
  });

  it("keeps shares the inverse of quantiles", () => {
    const { state } = learned(20, restless);
    const desk = freshDesk();
    standAt(state, desk, state.memory.last);
    const ahead = binsSeen(state, desk, { first: state.memory.last + 140, length: 1, every: 1 });
    for (const quantile of [0.5, 0.95, 0.99, 0.999]) {
      const root = rootsAhead(ahead, errorsAt(state.leads, quantile))[0]!;
      if (root < rootOf(0.1)) continue;
      expect(shareBelowAt(ahead, 0, sharesOf(state.leads), root)).toBeCloseTo(quantile, 2);
    }
  });
});
