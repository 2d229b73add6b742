import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { EXPERTS } from "../../../src/core/forecast/experts.ts";
import { FEATURES } from "../../../src/core/forecast/features.ts";
import { placeOf } from "../../../src/core/forecast/grid.ts";
import { freshDesk, mix, mixAgain } from "../../../src/core/forecast/mixture.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 15 * MINUTE_MS;
const START = Date.UTC(2026, 5, 1);
const random = createRandom("mixture");
const values = Array.from({ length: (9 * DAY_MS) / BIN_MS }, (_, i) =>
  random.logNormal(500 + 300 * Math.sin((2 * Math.PI * i * BIN_MS) / DAY_MS), 0.2),
);
const series = { start: START, binMs: BIN_MS, values };
const state = ensembleForecaster("UTC", BIN_MS).update(null, series, [], START + values.length * BIN_MS);
const origin = state.memory.last;

describe("one forecast", () => {
  it("is the experts' answers by their shares, and leaves features and answers on the desk", () => {
    for (const lead of state.leads) {
      const desk = freshDesk();
      const root = mix(state, desk, lead, placeOf(state, origin + lead.bins), origin);
      const mean = desk.answers.reduce((sum, answer, j) => sum + lead.shares[j]! * answer, 0);
      expect(root).toBeCloseTo(mean, 9);
      expect([desk.x.length, desk.answers.length]).toEqual([FEATURES, EXPERTS.length]);
      expect([...desk.x, ...desk.answers].every(Number.isFinite)).toBe(true);
    }
  });

  it("is the same again from what lies on the desk, whatever lay there before", () => {
    const [lead] = state.leads;
    const [clean, used] = [freshDesk(), freshDesk()];
    for (const part of [used.x, used.g, used.answers]) part.fill(99);
    const place = placeOf(state, origin + 3);
    const root = mix(state, clean, lead!, place, origin);
    expect(mix(state, used, lead!, place, origin)).toBe(root);
    expect(mixAgain(state, used, lead!, origin)).toBe(root);
  });

  it("of a past bin is what was forecast then: nothing that came after its origin is asked", () => {
    const [lead] = state.leads;
    const past = origin - 20;
    const before = mix(state, freshDesk(), lead!, placeOf(state, past + 1), past);
    const told = structuredClone(state);
    for (let bin = past + 1; bin <= origin; bin++) told.memory.roots[bin % told.memory.roots.length] = 1e6;
    for (const track of told.memory.tracks) {
      for (let bin = past + 1; bin <= origin; bin++) track[bin % track.length] = 1e6;
    }
    expect(mix(told, freshDesk(), lead!, placeOf(state, past + 1), past)).toBe(before);
  });
});
