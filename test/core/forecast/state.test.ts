import { describe, expect, it } from "vitest";
import {
  arraysOf,
  copyState,
  emptyState,
  type ForecastState,
  grainOf,
} from "../../../src/core/forecast/state.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";

const NOW = Date.UTC(2026, 5, 1);

type Numbers = Float64Array | Float32Array | Uint8Array;

/** Every array of numbers that hangs somewhere in a value. */
function arraysIn(value: unknown): Numbers[] {
  if (ArrayBuffer.isView(value)) return [value as Numbers];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(arraysIn) : [];
}

/** Every scalar of a state, by its path. */
function scalarsIn(value: unknown, path = ""): [string, unknown][] {
  if (ArrayBuffer.isView(value)) return [];
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => scalarsIn(inner, `${path}.${key}`));
}

/** A state in which no two numbers are alike. */
function filled(): ForecastState {
  const state = emptyState("Europe/Berlin", NOW);
  let next = 1;
  for (const array of arraysIn(state)) for (let i = 0; i < array.length; i++) array[i] = next++ % 250;
  for (const key of Object.keys(state.pulse) as (keyof typeof state.pulse)[]) state.pulse[key] = next++;
  Object.assign(state.memory, { first: next++, last: next++ });
  Object.assign(state.profile, { overallRoot: next++, overallCount: next++ });
  return state;
}

it("stores every array that it has: what hangs in a state and is not listed would be lost at rest", () => {
  const state = emptyState("UTC", NOW);
  const { coarse, fine, counts } = arraysOf(state);
  // What each lead starts from follows from the lead; the journal is stored by itself.
  const known = new Set<unknown>([
    ...coarse,
    ...fine,
    ...counts,
    state.journal,
    ...state.leads.map(({ belief }) => belief),
  ]);
  for (const array of arraysIn(state)) expect(known.has(array)).toBe(true);
  expect(new Set([...coarse, ...fine, ...counts]).size).toBe(coarse.length + fine.length + counts.length);
});

describe("a copy", () => {
  it("is equal in every number", () => {
    const state = filled();
    // The belief is not copied: it is a function of the lead.
    for (const lead of state.leads)
      lead.belief.set(emptyState("UTC", NOW).leads.find(({ bins }) => bins === lead.bins)!.belief);
    const copy = copyState(state);
    expect(copy).toEqual(state);
    expect(scalarsIn(copy)).toEqual(scalarsIn(state));
  });

  it("shares no array with the state that it is of", () => {
    const state = filled();
    const arrays = new Set<unknown>(arraysIn(state));
    for (const array of arraysIn(copyState(state))) expect(arrays.has(array)).toBe(false);
    const copy = copyState(state);
    copy.pulse.miss = -1;
    copy.memory.last = -1;
    copy.profile.overallCount = -1;
    expect([state.pulse.miss, state.memory.last, state.profile.overallCount]).not.toContain(-1);
  });
});

describe("an empty state", () => {
  it("remembers nothing, from the bin of its instant on", () => {
    const { memory, through, profile, journal } = emptyState("UTC", NOW);
    expect([memory.first, memory.last, through]).toEqual([NOW / 300_000, NOW / 300_000 - 1, NOW]);
    expect(profile.overallCount).toBe(0);
    expect(journal.every(Number.isNaN)).toBe(true);
  });

  it("refuses bins of less than a minute, and of no width", () => {
    for (const binMs of [30_000, 0, -1, Number.NaN]) {
      expect(() => emptyState("UTC", NOW, binMs)).toThrow(/shorter than a minute/);
    }
    expect(emptyState("UTC", NOW, MINUTE_MS).profile.day).toHaveLength(DAY_MS / MINUTE_MS);
  });

  it("has a grain that follows the highest root, and none before there is one", () => {
    const state = emptyState("UTC", NOW);
    expect(grainOf(state)).toBe(0);
    state.pulse.highest = 50;
    const grain = grainOf(state);
    expect(grain).toBeGreaterThan(0);
    state.pulse.highest = 500;
    expect(grainOf(state)).toBeCloseTo(10 * grain, 12);
  });
});
