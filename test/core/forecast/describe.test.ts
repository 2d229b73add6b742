import { describe, expect, it } from "vitest";
import { describe as describeState, explain } from "../../../src/core/forecast/describe.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { EXPERTS } from "../../../src/core/forecast/experts.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);

function learn(days: number, load: (at: Instant) => number, zone = "UTC") {
  const values = Array.from({ length: Math.round((days * DAY_MS) / BIN_MS) }, (_, i) =>
    load(START + i * BIN_MS),
  );
  const now = START + values.length * BIN_MS;
  const series = { start: START, binMs: BIN_MS, values };
  return { state: ensembleForecaster(zone, BIN_MS).update(null, series, [], now), now };
}

/** Opens at eight, closes at twenty, busiest in between. */
function shop(at: Instant): number {
  const hour = (at % DAY_MS) / HOUR_MS;
  return hour < 8 || hour >= 20 ? 0 : 100 + 900 * Math.sin((Math.PI * (hour - 8)) / 12);
}

describe("the reason", () => {
  it.each([
    ["weekday night quiet, 3 weeks alike", 21, 2],
    ["weekday morning ramp, 3 weeks alike", 21, 8.5],
    ["weekday afternoon plateau, 3 weeks alike", 21, 13.5],
    ["weekday evening decline, 3 weeks alike", 21, 18.5],
    ["weekend morning ramp, 2 weeks alike", 19, 8.5],
    ["weekday morning ramp, 1 week alike", 7, 8.5],
    ["weekday morning ramp, not seen before, the usual day stands in", 2, 8.5],
  ])("says %j", (reason, days, hour) => {
    const { state, now } = learn(days + hour / 24, shop);
    expect(describeState(state, now).reason).toMatch(new RegExp(`^${reason}, .* now$`));
  });

  it("goes by the clock on the wall", () => {
    const { state, now } = learn(21 + 2 / 24, () => 300, "Asia/Tokyo");
    expect(describeState(state, now).reason).toMatch(/^weekday morning plateau/);
  });

  it("admits that it knows nothing, or little", () => {
    expect(describeState(emptyState("UTC", START), START)).toEqual({
      confidence: 0,
      reason: "no history yet",
    });
    const { state, now } = learn(0.5, () => 300);
    expect(describeState(state, now).reason).toBe("less than a day of history, the last level stands in");
  });

  it.each([
    [2, /\b(9|10)\d % more than usual now$/],
    [0.5, /[45]\d % less than usual now$/],
    [1, /as usual now$/],
  ])("compares the last hour with the usual: %d times", (factor, end) => {
    const { state, now } = learn(14 + 2 / 24, (at) => (at >= START + 14 * DAY_MS ? factor : 1) * 300);
    expect(describeState(state, now).reason).toMatch(end);
  });
});

describe("confidence", () => {
  const noise = createRandom("confidence");
  const seasonal = (at: Instant) => 500 + 400 * Math.sin((2 * Math.PI * at) / DAY_MS);

  it("is one minus our misses over those of the same time yesterday", () => {
    const drifting = learn(
      10,
      (at) => seasonal(at) * (1 + 0.5 * Math.sin((2 * Math.PI * at) / (1.7 * DAY_MS))),
    );
    const { confidence } = describeState(drifting.state, drifting.now);
    expect(confidence).toBeGreaterThan(0.8);
    const chance = learn(10, () => noise.between(0, 1_000));
    expect(describeState(chance.state, chance.now).confidence).toBeLessThan(0.45);
  });

  it("grows with the first day, and is whole after it for a pool that sleeps", () => {
    const confidenceAfter = (days: number) => {
      const { state, now } = learn(days, () => 0);
      return describeState(state, now).confidence;
    };
    expect([confidenceAfter(0.25), confidenceAfter(0.5), confidenceAfter(3)]).toEqual([0.25, 0.5, 1]);
  });
});

describe("whom it listens to", () => {
  it("names every expert once, the loudest first, all shares together 1, at every lead", () => {
    const random = createRandom("explain");
    const { state } = learn(10, () => random.logNormal(400, 0.2));
    for (const aheadMs of [0, 5 * MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, DAY_MS, 9 * DAY_MS]) {
      const shares = explain(state, aheadMs);
      expect(shares.map(({ expert }) => expert).sort()).toEqual([...EXPERTS].sort());
      expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(shares.map(({ share }) => share)).toEqual(
        shares.map(({ share }) => share).sort((a, b) => b - a),
      );
    }
  });

  it("hardly hears 'yesterday' where every day is another", () => {
    const level = (at: Instant) => 300 * (1 + (Math.floor(at / DAY_MS) % 5));
    const { state } = learn(12.5, level);
    const shareOf = (name: string) => explain(state, HOUR_MS).find(({ expert }) => expert === name)!.share;
    expect(shareOf("yesterday")).toBeLessThan(0.05);
  });
});
