import { describe, expect, it } from "vitest";
import { dampedRatio, freshLevel, learnLevel, levelRatio } from "../../../src/core/forecast/level.ts";
import { DAY_MS, HOUR_MS } from "../../../src/core/time.ts";

function levelAfter(bins: readonly (readonly [load: number, usual: number])[]) {
  const level = freshLevel();
  for (const [load, usual] of bins) learnLevel(level, load, usual);
  return level;
}

const bins = (count: number, load: number, usual: number) =>
  Array.from({ length: count }, () => [load, usual] as const);

describe("ratio", () => {
  it("is one where nothing was seen, or all was as usual", () => {
    expect(levelRatio(freshLevel(), 1)).toBe(1);
    expect(levelRatio(levelAfter(bins(50, 80, 80)), 1)).toBeCloseTo(1, 9);
  });

  it("comes close to what is more than usual", () => {
    expect(levelRatio(levelAfter(bins(50, 240, 200)), 1)).toBeCloseTo(1.2, 2);
  });

  it("forgets by half in half an hour", () => {
    const level = levelAfter([...bins(200, 200, 100), ...bins(6, 100, 100)]);
    expect(levelRatio(level, 0)).toBeCloseTo(1.5, 2);
  });

  it("does not turn three requests in a quiet hour into triple", () => {
    expect(levelRatio(levelAfter(bins(1, 3, 1)), 50)).toBeLessThan(1.05);
  });

  it("stays within a twentieth and twenty", () => {
    expect(levelRatio(levelAfter(bins(50, 1e9, 1)), 1)).toBe(20);
    expect(levelRatio(levelAfter(bins(50, 0, 1e9)), 1)).toBe(1 / 20);
  });
});

describe("damping", () => {
  it("keeps all of the ratio now, half of its logarithm after six hours, little after a day", () => {
    expect(dampedRatio(4, 0)).toBe(4);
    expect(dampedRatio(4, 6 * HOUR_MS)).toBeCloseTo(2, 9);
    expect(dampedRatio(1 / 4, 6 * HOUR_MS)).toBeCloseTo(1 / 2, 9);
    expect(dampedRatio(4, DAY_MS)).toBeCloseTo(4 ** (1 / 16), 9);
  });
});
