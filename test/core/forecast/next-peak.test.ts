import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { nextPeakOf, PEAK_WINDOW_MS } from "../../../src/core/forecast/next-peak.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { minutesFrom } from "../examples.ts";

const START = Date.UTC(2026, 5, 1, 9);

describe("nextPeakOf", () => {
  it("is the first of the busiest bins, at the first quantile", () => {
    const load = [
      [5, 9, 9, 3],
      [50, 10, 10, 90],
    ];
    expect(nextPeakOf({ start: START, binMs: 5 * MINUTE_MS, load })).toEqual({
      at: START + 5 * MINUTE_MS,
      load: 9,
    });
  });

  it("is null where no traffic is foreseen", () => {
    for (const load of [[], [[]], [[0, 0]]])
      expect(nextPeakOf({ start: START, binMs: 5 * MINUTE_MS, load })).toBeNull();
  });
});

describe("the next peak of a forecast", () => {
  /** Noon has the day's only peak, by the clock of a zone that is `offsetMs` ahead of UTC. */
  const noon = (offsetMs: number) => (at: Instant) =>
    Math.floor(((at + offsetMs) % DAY_MS) / HOUR_MS) === 12 ? 600 : 60;
  const peakAt = (zone: string, from: Instant, days: number, offsetMs: number) => {
    const forecaster = ensembleForecaster(zone);
    const state = forecaster.update(
      null,
      minutesFrom(from - days * DAY_MS, days * 24 * 60, noon(offsetMs)),
      [],
      from,
    );
    return nextPeakOf(forecaster.forecast(state, { from, until: from + PEAK_WINDOW_MS, quantiles: [0.95] }))
      ?.at;
  };

  it("follows the local clock into the day on which it changes", () => {
    // In Berlin the clock goes forward on 29 March 2026 at 01:00Z, and back on 25 October: noon is 10:00Z, then 11:00Z.
    const before = [
      [Date.UTC(2026, 2, 28, 18), HOUR_MS, Date.UTC(2026, 2, 29, 10)],
      [Date.UTC(2026, 9, 24, 18), 2 * HOUR_MS, Date.UTC(2026, 9, 25, 11)],
    ] as const;
    for (const [from, offsetMs, noonAfter] of before) {
      const at = peakAt("Europe/Berlin", from, 28, offsetMs)!;
      expect(at).toBeGreaterThanOrEqual(noonAfter);
      expect(at).toBeLessThan(noonAfter + HOUR_MS);
    }
  });

  it("is known after one day of history", () => {
    const from = Date.UTC(2026, 5, 2);
    const at = peakAt("UTC", from, 1, 0)!;
    expect(Math.floor((at % DAY_MS) / HOUR_MS)).toBe(12);
  });

  it("is null for a profile that is still empty", () => {
    const request = { from: START, until: START + PEAK_WINDOW_MS, quantiles: [0.95] };
    const forecast = ensembleForecaster("UTC").forecast(emptyState("UTC", START), request);
    expect(nextPeakOf(forecast)).toBeNull();
  });
});
