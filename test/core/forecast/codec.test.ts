import { describe, expect, it } from "vitest";
import { EMPTY_CAPACITY, learnCapacity } from "../../../src/core/capacity/learn-capacity.ts";
import {
  decodeState,
  encodeCold,
  encodeHot,
  encodeState,
  type StoredState,
} from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { emptyState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { world } from "../capacity/queue-world.ts";
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
  return ensembleForecaster(ZONE).update(null, samples, [], NOW);
}

const busy = busyState();
const throughJson = (stored: StoredState): StoredState => JSON.parse(JSON.stringify(stored));
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("round trip through JSON", () => {
  it("gives back a busy state to a thousandth, and the same text when it is encoded again", () => {
    const once = throughJson(encodeState(busy));
    const back = decodeState(once)!;
    expect(throughJson(encodeState(back))).toEqual(once);
    const window = { from: NOW, until: NOW + DAY_MS, quantiles: [0.1, 0.5, 0.95] };
    const [kept, read] = [busy, back].map((state) =>
      ensembleForecaster(ZONE).forecast(state, window).load.flat(),
    );
    kept!.forEach((load, i) => {
      expect(Math.abs(read![i]! / load - 1)).toBeLessThan(0.001);
    });
  });

  it("gives back an empty state", () => {
    const empty = emptyState(ZONE, NOW);
    const back = decodeState(throughJson(encodeState(empty)))!;
    expect([back.through, back.profile.overallCount, back.memory]).toEqual([NOW, 0, empty.memory]);
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

/** Of machines of two sizes, as many numbers as there can be. */
function learnedCapacity() {
  const wide = world({ days: 20, calm: 0.001, peak: 1.2, noise: 0.5, serviceSeconds: 0.01 });
  const serving = (at: number) => {
    return { workers: 2, size: at < NOW - 20 * DAY_MS ? "performance-16x-131072" : "performance-8x-65536" };
  };
  return learnCapacity(EMPTY_CAPACITY, wide.samples, serving);
}
const capacity = learnedCapacity();

it("keeps within them with what machines of two sizes carry and what served, and reads the same without", () => {
  expect(Object.keys(capacity.sizes)).toHaveLength(2);
  const spans = Array.from({ length: 12 }, (_, i) => [NOW - i - 1, NOW - i, 1_000] as const);
  const watch = { size: "performance-16x-131072", lookedAt: NOW, since: NOW, workers: 1_000, spans };
  const ledger = {
    through: NOW,
    fleet: { serving: 20, bootingUntil: [NOW, NOW] },
    balance: -1.2345678901234567,
    minutes: 9_876.543210987655,
    short: 1.2345678901234567,
  };
  const stored = { hot: encodeHot(busy, ledger, watch), cold: encodeCold(busy, capacity) };
  expect(bytesOf(stored.hot)).toBeLessThanOrEqual(HOT_LIMIT_BYTES);
  expect(bytesOf(stored.cold)).toBeLessThanOrEqual(COLD_LIMIT_BYTES);
  expect(decodeState(throughJson(stored))).toEqual(decodeState(throughJson(encodeState(busy))));
});

it.each([1, 2, 3, 5, 10, 15])(
  "keeps within them with bins of %d minutes, four weeks of history, and what machines carry",
  (minutes) => {
    const random = createRandom("bins");
    const binMs = minutes * MINUTE_MS;
    const start = NOW - 28 * DAY_MS;
    const values = Array.from({ length: (28 * DAY_MS) / binMs }, () => random.logNormal(98_765, 0.7));
    const state = ensembleForecaster(ZONE, binMs).update(null, { start, binMs, values }, [], NOW);
    expect(bytesOf(encodeState(state).hot)).toBeLessThanOrEqual(HOT_LIMIT_BYTES);
    expect(bytesOf(encodeCold(state, capacity))).toBeLessThanOrEqual(COLD_LIMIT_BYTES);
  },
);

describe("what cannot be read is null and rebuilt from samples", () => {
  const stored = throughJson(encodeState(busy));
  const { hot, cold } = stored;
  it.each<[string, StoredState | null]>([
    ["nothing stored", null],
    ["another version of the hot part", { hot: { ...hot, version: 1 }, cold }],
    ["another version of the cold part", { hot, cold: { ...cold, version: 0 } }],
    ["parts of two zones", { hot: { ...hot, zone: "UTC" }, cold }],
    ["a journal cut off", { hot: { ...hot, journal: hot.journal.slice(0, 16) }, cold }],
    ["a shorter memory", { hot, cold: { ...cold, coarse: cold.coarse.slice(0, 160) } }],
    ["fewer sums", { hot, cold: { ...cold, fine: cold.fine.slice(0, 160) } }],
    ["half a number", { hot: { ...hot, journal: hot.journal.slice(0, 4) }, cold }],
    ["text that is no base64", { hot, cold: { ...cold, counts: "§§§" } }],
  ])("%s", (_name, odd) => {
    expect(decodeState(odd)).toBeNull();
  });
});
