import { describe, expect, it } from "vitest";
import {
  FEATURES,
  LAST_15M,
  LAST_WEEK,
  originFeatures,
  targetFeatures,
  USUAL,
  YESTERDAY,
} from "../../../src/core/forecast/features.ts";
import { type Grid, placeOf } from "../../../src/core/forecast/grid.ts";
import {
  DEV_15M,
  emptyMemory,
  followTrack,
  LEVEL_15M,
  type Memory,
  rememberRoot,
} from "../../../src/core/forecast/memory.ts";
import { emptyProfile, learnOverall, learnSlot, type Profile } from "../../../src/core/forecast/profile.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";

const grid: Grid = { zone: "UTC", binMs: 15 * MINUTE_MS };
const PER_DAY = 96;
const PER_WEEK = 7 * PER_DAY;
const LAST = 200_000;

/** Ten days that end with bin LAST: every bin of the day has its own root, as a profile knows it. */
function world(rootAt: (bin: number) => number): { memory: Memory; profile: Profile } {
  const memory = emptyMemory(grid, LAST - 10 * PER_DAY);
  const profile = emptyProfile(PER_DAY);
  for (let bin = memory.first; bin <= LAST; bin++) {
    const root = rootAt(bin);
    memory.last = bin;
    rememberRoot(memory, bin, root);
    followTrack(memory, DEV_15M, bin, 0, 1);
    followTrack(memory, LEVEL_15M, bin, usual(bin), 1);
    learnSlot(profile, placeOf(grid, bin).slot, usual(bin));
    learnOverall(profile, usual(bin));
  }
  return { memory, profile };
}

const usual = (bin: number) => 5 + (placeOf(grid, bin).slot % PER_DAY) / 20;

function look({ memory, profile }: ReturnType<typeof world>, target: number, origin: number): Float64Array {
  const x = new Float64Array(FEATURES).fill(Number.NaN);
  targetFeatures(x, memory, profile, placeOf(grid, target), origin);
  originFeatures(x, memory, PER_DAY, origin);
  return x;
}

describe("on an ordinary day", () => {
  it("are the usual root, and differences that vanish", () => {
    const target = LAST + 4;
    const x = look(world(usual), target, LAST);
    expect(x[USUAL]).toBeCloseTo(usual(target), 9);
    // 9 is the level at the origin against the usual root at the target: the day's own slope.
    x.forEach((value, j) => {
      if (j > USUAL && j !== 9) expect(Math.abs(value), `feature ${j}`).toBeLessThan(0.03);
    });
    expect(x[9]).toBeCloseTo(usual(LAST) - usual(target), 9);
  });

  it("are all numbers, also with nothing known at all", () => {
    const nothing = { memory: emptyMemory(grid, LAST), profile: emptyProfile(PER_DAY) };
    expect([...look(nothing, LAST + 4, LAST - 1)]).toEqual(new Array(FEATURES).fill(0));
  });
});

describe("yesterday and last week", () => {
  it("are the bin's own and its neighbours', ¼ ½ ¼, against the usual", () => {
    const target = LAST + 4;
    const odd = (age: number) => (bin: number) => usual(bin) + (bin === target - age ? 8 : 0);
    expect(look(world(odd(PER_DAY)), target, LAST)[YESTERDAY]).toBeCloseTo(4, 1);
    expect(look(world(odd(PER_DAY + 1)), target, LAST)[YESTERDAY]).toBeCloseTo(2, 1);
    expect(look(world(odd(PER_WEEK)), target, LAST)[LAST_WEEK]).toBeCloseTo(4, 1);
  });

  it("are nothing special where they were not measured", () => {
    const target = LAST + 4;
    const gap = (bin: number) =>
      Math.abs(bin - target + PER_DAY) <= 1 || Math.abs(bin - target + PER_WEEK) <= 1
        ? Number.NaN
        : usual(bin);
    const x = look(world(gap), target, LAST);
    expect([x[YESTERDAY], x[LAST_WEEK]]).toEqual([0, 0]);
  });

  it("never look beyond the origin: the neighbour of a day before may still be to come", () => {
    const target = LAST;
    const origin = target - PER_DAY;
    const [plain, told] = [usual, (bin: number) => (bin > origin ? 1e6 : usual(bin))].map((rootAt) => {
      const { memory } = world(rootAt);
      return look({ memory, profile: world(usual).profile }, target, origin);
    });
    expect([...told!]).toEqual([...plain!]);
  });
});

it("tell what the last quarter of an hour was above the usual, as it stood at the origin", () => {
  const now = world(usual);
  followTrack(now.memory, DEV_15M, LAST, 3, 1);
  expect(look(now, LAST + 4, LAST)[LAST_15M]).toBe(3);
  expect(look(now, LAST + 4, LAST - 1)[LAST_15M]).toBe(0);
});
