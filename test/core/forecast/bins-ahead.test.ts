import { describe, expect, it } from "vitest";
import {
  binAhead,
  binsSeen,
  errorsAt,
  rootAhead,
  shareBelowAt,
  sharesOf,
} from "../../../src/core/forecast/bins-ahead.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { freshDesk, standAt } from "../../../src/core/forecast/mixture.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const START = Date.UTC(2026, 5, 1);
const PER_DAY = DAY_MS / BIN_MS;
const random = createRandom("ahead");
const values = Array.from({ length: 14 * PER_DAY }, (_, i) =>
  random.logNormal(400 + 300 * Math.sin((2 * Math.PI * i) / PER_DAY), 0.15),
);
const state = ensembleForecaster("UTC", BIN_MS).update(
  null,
  { start: START, binMs: BIN_MS, values },
  [],
  START + values.length * BIN_MS,
);
const { last } = state.memory;
const ahead = (bins: number) => binAhead(state, freshDesk(), last + bins);
const seen = (bins: number) => {
  const desk = freshDesk();
  standAt(state, desk, last);
  return binsSeen(state, desk, { first: last + bins, length: 1, every: 1 });
};
const quantileOf = (bins: number, quantile: number) =>
  rootAhead(ahead(bins), errorsAt(state.leads, quantile));
const widthOf = (bins: number) => quantileOf(bins, 0.9) - quantileOf(bins, 0.1);

describe("one bin ahead", () => {
  it("has one part at a learned lead and two between, whose shares sum to 1", () => {
    for (const { bins } of state.leads) expect(ahead(bins).parts).toHaveLength(1);
    for (const bins of [4, 8, 100, 200]) {
      const { parts } = ahead(bins);
      expect(parts).toHaveLength(2);
      expect(parts[0]!.share + parts[1]!.share).toBeCloseTo(1, 12);
    }
  });

  it("between two leads is the mean of their quantiles, by their shares (Vincent)", () => {
    const errors = errorsAt(state.leads, 0.9);
    const { parts, bentFrom } = ahead(100);
    const wanted = parts.reduce(
      (sum, part) => sum + part.share * rootAhead({ parts: [{ ...part, share: 1 }], bentFrom }, errors),
      0,
    );
    expect(quantileOf(100, 0.9)).toBeCloseTo(wanted, 12);
  });

  it("goes over from lead to lead without a step", () => {
    for (const { bins } of state.leads.slice(3, -1)) {
      const [before, at, after] = [bins - 1, bins, bins + 1].map((b) => widthOf(b)) as [
        number,
        number,
        number,
      ];
      expect(Math.abs(at - (before + after) / 2)).toBeLessThan(0.15 * at);
    }
  });

  it("is as likely under its quantile as the quantile says", () => {
    for (const bins of state.leads.map((lead) => lead.bins)) {
      for (const quantile of [0.1, 0.5, 0.9, 0.99]) {
        expect(shareBelowAt(seen(bins), 0, sharesOf(state.leads), quantileOf(bins, quantile))).toBeCloseTo(
          quantile,
          6,
        );
      }
    }
  });

  it("widens by a tenth for each doubling beyond a day", () => {
    const spreadAt = (days: number) => ahead(days * PER_DAY).parts[0]!.spread;
    // The same time of day, so nearly the same usual spread: how far the experts disagree differs a little.
    for (const [days, factor] of [
      [2, 1.1],
      [4, 1.2],
      [7, 1 + 0.1 * Math.log2(7)],
    ] as const)
      expect(spreadAt(days) / spreadAt(1)).toBeCloseTo(factor, 1);
  });

  it("asks as of an earlier origin what was forecast then", () => {
    const desk = freshDesk();
    const [one] = binAhead(state, desk, last, last - 12).parts;
    const [other] = binAhead(state, desk, last + 12, last).parts;
    expect(one!.lead).toBe(other!.lead);
    expect(one!.median).not.toBe(other!.median);
  });

  it("never answers below zero, and a bin that is past as the one that is next", () => {
    const empty = emptyState("UTC", START);
    for (const quantile of [0.001, 0.5, 0.999]) {
      const root = rootAhead(
        binAhead(empty, freshDesk(), empty.memory.last + 9),
        errorsAt(empty.leads, quantile),
      );
      expect(root).toBeGreaterThanOrEqual(0);
      expect(root).toBeLessThan(0.001);
    }
    expect(ahead(-3).parts[0]!.lead).toBe(0);
  });
});
