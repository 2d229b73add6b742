import { describe, expect, it } from "vitest";
import {
  DEV_1H,
  DEV_6H,
  emptyMemory,
  followTrack,
  LEVEL_15M,
  rememberRoot,
  rootAt,
  trackAt,
  trackRates,
} from "../../../src/core/forecast/memory.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";

const grid = { zone: "UTC", binMs: 15 * MINUTE_MS };
const PER_DAY = 96;
const FIRST = 5_000;

function remember(count: number) {
  const memory = emptyMemory(grid, FIRST);
  for (let bin = FIRST; bin < FIRST + count; bin++) {
    memory.last = bin;
    rememberRoot(memory, bin, bin);
    followTrack(memory, LEVEL_15M, bin, bin, 1);
    followTrack(memory, DEV_1H, bin, bin, 1);
  }
  return memory;
}

describe("roots", () => {
  it("are known for a week, and not before the first, beyond the last or longer ago", () => {
    const memory = remember(8 * PER_DAY);
    const { last } = memory;
    expect([rootAt(memory, last), rootAt(memory, last - 7 * PER_DAY)]).toEqual([last, last - 7 * PER_DAY]);
    for (const bin of [last + 1, last + 10_000, last - memory.roots.length, FIRST - 1, FIRST]) {
      expect(rootAt(memory, bin), `bin ${bin - last} from the last`).toBeNaN();
    }
  });

  it("never answer with the root of a week before where nothing was remembered", () => {
    const memory = remember(3);
    for (let bin = FIRST - 2_000; bin < FIRST + 2_000; bin++) {
      const known = bin >= FIRST && bin < FIRST + 3;
      if (known) expect(rootAt(memory, bin)).toBe(bin);
      else expect(rootAt(memory, bin)).toBeNaN();
    }
  });
});

describe("running means", () => {
  /** NIST/SEMATECH e-Handbook of Statistical Methods, 6.4.3.1: y, and S with α = 0.1 that begins at the first y. */
  const Y = [71, 70, 69, 68, 64, 65, 72, 78, 75, 75, 75];
  const S = [71, 70.9, 70.71, 70.44, 69.8, 69.32, 69.58, 70.43, 70.88, 71.29, 71.67];

  it("are the published example of exponential smoothing", () => {
    const memory = emptyMemory(grid, FIRST);
    const smoothed = Y.map((y, i) => {
      followTrack(memory, DEV_1H, FIRST + i, y, i === 0 ? 1 : 0.1);
      memory.last = FIRST + i;
      return Number(trackAt(memory, DEV_1H, FIRST + i).toFixed(2));
    });
    expect(smoothed).toEqual(S);
  });

  it("can be asked as they stood after each bin of a day, one of them of two days", () => {
    const memory = remember(5 * PER_DAY);
    for (const age of [0, 1, PER_DAY]) {
      expect(trackAt(memory, LEVEL_15M, memory.last - age)).toBe(memory.last - age);
      expect(trackAt(memory, DEV_1H, memory.last - age)).toBe(memory.last - age);
    }
    expect(trackAt(memory, DEV_1H, memory.last - 2 * PER_DAY)).toBe(memory.last - 2 * PER_DAY);
    expect(trackAt(memory, LEVEL_15M, memory.last - 2 * PER_DAY)).toBe(0);
    expect(trackAt(memory, LEVEL_15M, FIRST - 1)).toBe(0);
  });

  it("have rates of 2/(T + 1) for T bins, and never more than 1", () => {
    const rates = trackRates(grid);
    expect(rates[DEV_1H]).toBeCloseTo(2 / 5, 12);
    expect(rates[DEV_6H]).toBeCloseTo(2 / 25, 12);
    expect(rates[LEVEL_15M]).toBe(1);
    expect(Math.max(...trackRates({ zone: "UTC", binMs: 60 * MINUTE_MS }))).toBe(1);
  });
});
