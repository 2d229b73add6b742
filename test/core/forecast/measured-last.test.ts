import { expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { measuredLast } from "../../../src/core/forecast/measured-last.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../../../src/core/time.ts";
import { minutesFrom, NOW } from "../examples.ts";

const HOUR_MINUTES = HOUR_MS / MINUTE_MS;

/** Measured until `goneMs` before now, and nothing since. */
function silentFor(goneMs: number) {
  const { update } = ensembleForecaster("UTC");
  const until = NOW - goneMs;
  const start = until - 6 * HOUR_MS;
  const state = update(
    null,
    minutesFrom(start, 6 * HOUR_MINUTES, () => 100),
    [],
    until,
  );
  return update(
    state,
    minutesFrom(until, goneMs / MINUTE_MS, () => Number.NaN),
    [],
    NOW,
  );
}

it.each([0, HOUR_MS, 3 * DAY_MS])("remembers the last measured bin of %i ms ago", (goneMs) => {
  expect(measuredLast(silentFor(goneMs))).toBe(NOW - goneMs);
});

it("says a week where it was longer", () => {
  const last = measuredLast(silentFor(10 * DAY_MS))!;
  expect(NOW - last).toBeGreaterThanOrEqual(WEEK_MS - HOUR_MS);
  expect(NOW - last).toBeLessThan(8 * DAY_MS);
});

it("says nothing of what was never measured", () => {
  expect(measuredLast(emptyState("UTC", NOW))).toBeNull();
});
