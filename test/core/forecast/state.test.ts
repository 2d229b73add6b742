import { describe, expect, it } from "vitest";
import { emptyState, seasonalForecaster } from "../../../src/core/forecast/seasonal.ts";
import { decodeState, encodeState, type StoredState } from "../../../src/core/forecast/state.ts";
import { DAY_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { minutesFrom, NOW } from "../examples.ts";

const HOT_LIMIT_BYTES = 4_096;
const COLD_LIMIT_BYTES = 48 * 1_024;
const ZONE = "Europe/Berlin";

/** Ten days of noisy traffic with loads of many digits. */
function busyState() {
  const random = createRandom("state");
  const load = (at: number) =>
    12_345.678 * (1.5 + Math.sin((2 * Math.PI * at) / DAY_MS)) * random.between(0.5, 2);
  const samples = minutesFrom(NOW - 10 * DAY_MS, 10 * 24 * 60, load);
  return seasonalForecaster(ZONE).update(null, samples, [], NOW);
}

const busy = busyState();
const throughJson = (stored: StoredState): StoredState => JSON.parse(JSON.stringify(stored));
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("round trip through JSON", () => {
  it("gives back a busy state to the bit", () => {
    const back = decodeState(throughJson(encodeState(busy)));
    expect(back).toEqual(busy);
  });

  it("gives back an empty state, and the same text when it is encoded again", () => {
    const empty = emptyState(ZONE, NOW);
    const stored = throughJson(encodeState(empty));
    expect(decodeState(stored)).toEqual(empty);
    const again = throughJson(encodeState(decodeState(throughJson(encodeState(busy)))!));
    expect(again).toEqual(throughJson(encodeState(busy)));
  });

  it("holds no NaN, which JSON would turn into null", () => {
    expect(JSON.stringify(encodeState(busy))).not.toContain("null");
  });
});

it("keeps within the limits: hot 4 KB, cold 48 KB", () => {
  const { hot, cold } = encodeState(busy);
  expect(bytesOf(hot)).toBeLessThanOrEqual(HOT_LIMIT_BYTES);
  expect(bytesOf(cold)).toBeLessThanOrEqual(COLD_LIMIT_BYTES);
});

describe("what cannot be read is null and rebuilt from samples", () => {
  const stored = throughJson(encodeState(busy));
  const { hot, cold } = stored;
  it.each<[string, StoredState | null]>([
    ["nothing stored", null],
    ["another version of the hot part", { hot: { ...hot, version: 2 }, cold }],
    ["another version of the cold part", { hot, cold: { ...cold, version: 0 } }],
    ["parts of two zones", { hot: { ...hot, zone: "UTC" }, cold }],
    ["fewer ratios", { hot: { ...hot, ratios: hot.ratios.slice(0, 16) }, cold }],
    ["a shorter week", { hot, cold: { ...cold, week: cold.week.slice(0, 160) } }],
    ["fewer horizons", { hot: { ...hot, calibrations: hot.calibrations.slice(1) }, cold }],
    [
      "fewer cells",
      { hot: { ...hot, calibrations: hot.calibrations.map((c) => ({ ...c, weight: "AAAAAA==" })) }, cold },
    ],
    ["half a number", { hot: { ...hot, ratios: hot.ratios.slice(0, 4) }, cold }],
    ["text that is no base64", { hot, cold: { ...cold, day: "§§§" } }],
  ])("%s", (_name, odd) => {
    expect(decodeState(odd)).toBeNull();
  });
});

it("decodes into values of its own", () => {
  const stored = encodeState(busy);
  const state = decodeState(stored)!;
  state.level.recentLoad = -1;
  state.calibrations[0]!.weight[0] = -99;
  expect(stored.hot.level.recentLoad).not.toBe(-1);
  expect(decodeState(stored)!.calibrations[0]!.weight[0]).not.toBe(-99);
});
