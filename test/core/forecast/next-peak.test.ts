import { describe, expect, it } from "vitest";
import { nextPeakOf } from "../../../src/core/forecast/next-peak.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";

const START = Date.UTC(2026, 5, 1, 9);

describe("nextPeakOf", () => {
  it("is the first of the busiest bins, at the first quantile", () => {
    const load = [
      [5, 9, 9, 3],
      [50, 10, 10, 90],
    ];
    expect(nextPeakOf({ start: START, load })).toEqual({ at: START + 5 * MINUTE_MS, load: 9 });
  });

  it("is null where no traffic is foreseen", () => {
    for (const load of [[], [[]], [[0, 0]]]) expect(nextPeakOf({ start: START, load })).toBeNull();
  });
});
