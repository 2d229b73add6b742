import { describe, expect, it } from "vitest";
import { FIRST_COUNT } from "../../../src/core/forecast/errors.ts";
import { forgetFirstDay, freshLeads, leadsAround, MEAN_MISS, ROWS } from "../../../src/core/forecast/lead.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";

const leadsOf = (minutes: number) => freshLeads({ zone: "UTC", binMs: minutes * MINUTE_MS });

describe("the leads that are learned", () => {
  it.each([1, 5, 10, 15, 60])(
    "with bins of %d minutes: each once, from the first bin to a day at most",
    (minutes) => {
      const bins = leadsOf(minutes).map((lead) => lead.bins);
      expect(bins[0]).toBeGreaterThanOrEqual(1);
      expect(bins).toEqual([...new Set(bins)].sort((a, b) => a - b));
      expect(bins.at(-1)! * minutes * MINUTE_MS).toBe(DAY_MS);
    },
  );

  it("share nothing with one another", () => {
    const [one, other] = leadsOf(5);
    one!.weights.fill(7);
    one!.errors.fill(7);
    one!.sums.gram.fill(7);
    expect(leadsOf(5)[0]!.weights).not.toEqual(one!.weights);
    expect(other!.errors).not.toEqual(one!.errors);
    expect(one!.belief).not.toEqual(one!.weights);
  });
});

describe("between two leads", () => {
  const leads = leadsOf(5);
  const at = (bins: number) => {
    const { low, high, share } = leadsAround(leads, bins);
    return [leads[low]!.bins, leads[high]!.bins, share] as const;
  };

  it("is the lead itself where it was learned", () => {
    for (const { bins } of leads) expect(at(bins)).toEqual([bins, bins, 0]);
  });

  it("goes by the logarithm of the lead", () => {
    // Half an hour and an hour: 6 and 12 bins; their geometric mean is half-way.
    const [low, high, share] = at(Math.round(Math.sqrt(6 * 12)));
    expect([low, high]).toEqual([6, 12]);
    expect(share).toBeCloseTo(Math.log(8 / 6) / Math.log(2), 12);
  });

  it("moves evenly from one to the next, and holds the longest beyond it", () => {
    let before = 0;
    for (let bins = 1; bins <= 288; bins++) {
      const { low, high, share } = leadsAround(leads, bins);
      const place = low + share * (high - low);
      expect(place).toBeGreaterThanOrEqual(before);
      expect(share).toBeLessThan(1);
      before = place;
    }
    expect(at(5_000)).toEqual([288, 288, 0]);
  });
});

it("forgets nearly all of the first day, and keeps as many errors as were made up", () => {
  const lead = leadsOf(5)[3]!;
  lead.sums.gram.fill(100);
  lead.misses.fill(100);
  lead.errors.fill(10);
  lead.tally[ROWS] = 100;
  lead.tally[MEAN_MISS] = 3;
  forgetFirstDay(lead);
  expect(lead.sums.gram[0]).toBeLessThan(10);
  expect(lead.misses[0]).toBeLessThan(10);
  expect(lead.tally[ROWS]).toBeLessThan(10);
  expect(lead.tally[MEAN_MISS]).toBe(3);
  expect(lead.errors.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(FIRST_COUNT, 9);
});
