/** Learning from mistakes, bin by bin: which lead judges which bin, and what it needs for that. */
import { describe, expect, it } from "vitest";
import { binAt, placeOf } from "../../../src/core/forecast/grid.ts";
import { type Lead, MEAN_MISS, ROWS } from "../../../src/core/forecast/lead.ts";
import { learner } from "../../../src/core/forecast/learn.ts";
import { rememberRoot } from "../../../src/core/forecast/memory.ts";
import { freshDesk } from "../../../src/core/forecast/mixture.ts";
import { resolve, settle } from "../../../src/core/forecast/resolve.ts";
import { copyState, emptyState, type ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const PER_DAY = DAY_MS / BIN_MS;
const START = Date.UTC(2026, 5, 1);

/** Days of noise around one level. */
function learn(days: number): ForecastState {
  const random = createRandom("resolve");
  const state = emptyState("UTC", START);
  const learnBin = learner(state);
  for (let i = 0; i < days * PER_DAY; i++) learnBin(binAt(state, START) + i, random.logNormal(500, 0.1));
  return state;
}

const known = learn(8);
const BINS = 3_000;

/** The leads that judge the bin after the last, were it `later` bins later: their turn goes by the bin's number. */
function judges(state: ForecastState, later: number, root = 8): Lead[] {
  const copy = copyState(state);
  copy.memory.last += later;
  const bin = copy.memory.last + 1;
  resolve(copy, freshDesk(), bin, placeOf(copy, bin), root);
  return copy.leads.filter(({ tally }, rank) => tally[ROWS] !== state.leads[rank]!.tally[ROWS]);
}

/** By lead: which of the bins later it judged. */
const turns = new Map<number, number[]>(known.leads.map(({ bins }) => [bins, []]));
for (let later = 0; later < BINS; later++) {
  for (const { bins } of judges(known, later)) turns.get(bins)!.push(later);
}

describe.each(known.leads.map((lead) => [lead.bins, lead] as const))("the lead of %d bins", (bins, lead) => {
  const taken = turns.get(bins)!;

  it("judges its share of the bins", () => {
    expect(Math.abs((taken.length * lead.everyLater) / BINS - 1)).toBeLessThan(0.02);
  });

  it("meets every minute of the hour as often: the job at its start is not missed for ever, nor met each time", () => {
    const ofHour = new Array<number>(12).fill(0);
    for (const later of taken) ofHour[(known.memory.last + 1 + later) % 12]! += 1;
    const even = taken.length / 12;
    for (const count of ofHour) expect(Math.abs(count - even)).toBeLessThan(2 + 0.25 * even);
  });

  it("never waits long", () => {
    const waits = taken.slice(1).map((later, i) => later - taken[i]!);
    expect(Math.max(...waits)).toBeLessThanOrEqual(3 * lead.everyLater);
  });
});

describe("what is judged", () => {
  const allOf = (state: ForecastState) => {
    const seen = new Set<number>();
    for (let later = 0; later < 60; later++) for (const { bins } of judges(state, later)) seen.add(bins);
    return seen;
  };

  it("is no forecast from a moment that was not measured", () => {
    const gap = copyState(known);
    const { memory } = gap;
    for (let bin = memory.last - 40; bin <= memory.last; bin++) rememberRoot(memory, bin, Number.NaN);
    const bin = memory.last + 1;
    resolve(gap, freshDesk(), bin, placeOf(gap, bin), 8);
    for (const [rank, { bins, tally }] of gap.leads.entries()) {
      if (bins <= 40) expect(tally[ROWS]).toBe(known.leads[rank]!.tally[ROWS]);
    }
  });

  it("is no forecast from before anything was seen", () => {
    const young = copyState(known);
    young.memory.first = young.memory.last - 30;
    expect(Math.max(...allOf(young))).toBeLessThanOrEqual(30 + 60);
    expect(Math.max(...allOf(known))).toBe(PER_DAY);
  });

  it("counts a miss of any size as no more than some usual ones", () => {
    const meanAfter = (root: number) => judges(known, 0, root)[0]!.tally[MEAN_MISS]!;
    expect(meanAfter(1e6)).toBe(meanAfter(1e3));
    expect(meanAfter(1e6)).toBeLessThan(1.2 * known.leads[0]!.tally[MEAN_MISS]!);
  });
});

it("settles every lead's weights several times a day, and all of them more often in the first days", () => {
  const settledIn = (state: ForecastState, bins: number) => {
    const copy = copyState(state);
    const times = copy.leads.map(() => 0);
    for (let bin = 0; bin < bins; bin++) {
      const before = copy.leads.map(({ tally }) => tally[ROWS]);
      settle(copy, bin);
      copy.leads.forEach(({ tally }, rank) => {
        if (tally[ROWS] !== before[rank]) times[rank]! += 1;
      });
    }
    return times;
  };
  const [old, young] = [settledIn(known, PER_DAY), settledIn(learn(2), PER_DAY)];
  expect(Math.min(...old)).toBeGreaterThanOrEqual(4);
  expect(new Set(old).size).toBe(1);
  old.forEach((times, rank) => {
    expect(young[rank]!).toBeGreaterThan(times);
  });
});
