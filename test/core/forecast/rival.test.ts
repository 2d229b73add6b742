import { describe, expect, it } from "vitest";
import { lossRatio, pinballOf, rivalShare } from "../../../src/core/forecast/rival.ts";

describe("pinball loss", () => {
  it("is the mean over five quantiles of what the definition says", () => {
    // Koenker and Bassett: (y − x)·q above, (x − y)·(1 − q) below.
    const [y, x] = [10, [6, 9, 12, 13, 20]] as const;
    const byHand = (4 * 0.1 + 1 * 0.5 + 2 * (1 - 0.9) + 3 * (1 - 0.95) + 10 * (1 - 0.99)) / 5;
    expect(pinballOf(x, y)).toBeCloseTo(byHand, 12);
    expect(pinballOf([10, 10, 10, 10, 10], y)).toBe(0);
  });
});

describe("the ratio", () => {
  const belief = { ratio: 2, rows: 4 };
  it.each([
    ["nothing resolved: the belief", { ours: 0, theirs: 0, rows: 0 }, 2],
    ["as many rows as the belief is worth: half of each", { ours: 8, theirs: 4, rows: 4 }, 1.25],
    ["both never miss: alike", { ours: 0, theirs: 0, rows: 4e6 }, 1],
    ["ours never misses: as bad as can be told", { ours: 0, theirs: 5, rows: 4e6 }, 10],
  ])("%s", (_, losses, ratio) => {
    expect(lossRatio(losses, belief)).toBeCloseTo(ratio, 4);
  });
});

describe("the share", () => {
  it("is a half where both lose alike, follows the sixteenth power, and never falls to nothing", () => {
    expect(rivalShare(1)).toBe(0.5);
    expect(rivalShare(0.9)).toBeCloseTo((1 + 0.005) / (1 + 0.9 ** 16 + 0.01), 12);
    expect(rivalShare(10)).toBeCloseTo(0.005 / 1.01, 6);
    expect(rivalShare(0.8) + rivalShare(1 / 0.8)).toBeCloseTo(1, 12);
  });
});
