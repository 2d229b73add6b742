import { describe, expect, test } from "vitest";
import { EMPTY_CAPACITY } from "../../src/core/capacity/learn-capacity.ts";
import { encodeCold, encodeHot } from "../../src/core/forecast/codec.ts";
import { emptyState } from "../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { capacityWindow, knownCapacity } from "../../src/tick/capacity-window.ts";
import { NOW, POOL } from "../core/examples.ts";

const ON = {};
const WATCH = { size: "unknown", lookedAt: NOW, since: NOW - 7 * MINUTE_MS, workers: 2, spans: [] };

function memory(
  saved: { through?: Instant; watch?: typeof WATCH; spans?: [Instant, Instant, number][] } | null,
) {
  const state = emptyState("UTC", NOW);
  const capacity = saved === null ? null : { ...EMPTY_CAPACITY, through: saved.through ?? null };
  const watch = saved === null ? null : { ...WATCH, ...saved.watch, spans: saved.spans ?? [] };
  return {
    pool: POOL,
    state: { hot: encodeHot(state, null, watch), cold: encodeCold(state, capacity) },
    coldSavedAt: NOW - HOUR_MS,
  };
}
const from = (books: Parameters<typeof capacityWindow>[0], policy = ON) =>
  capacityWindow(books, policy, NOW + 5_000, MINUTE_MS).signalsFrom;

describe("samples are read to learn from", () => {
  test("not by a pool that is new, or whose policy wants nothing learned, or between the checkpoints", () => {
    expect(from(null)).toBeUndefined();
    expect(from(memory({}), { learnCapacity: false })).toBeUndefined();
    expect(from({ ...memory({}), coldSavedAt: NOW + 4_000 })).toBeUndefined();
    expect(knownCapacity(memory({}), { learnCapacity: false })).toBeNull();
  });

  test("of the last minutes where no signal was seen yet", () => {
    expect(from(memory(null))).toBe(NOW - 15 * MINUTE_MS);
    expect(from({ pool: POOL, state: null, coldSavedAt: null })).toBe(NOW - 15 * MINUTE_MS);
  });

  test("from where it is known what served, and after what was learned, three hours back at most", () => {
    expect(from(memory({}))).toBe(NOW - 7 * MINUTE_MS);
    expect(from(memory({ spans: [[NOW - 50 * MINUTE_MS + 1, NOW, 3]] }))).toBe(NOW - 50 * MINUTE_MS);
    const through = NOW - 30 * MINUTE_MS;
    expect(from(memory({ through, spans: [[NOW - HOUR_MS, NOW, 3]] }))).toBe(through + MINUTE_MS);
    expect(from(memory({ spans: [[NOW - DAY_MS, NOW, 3]] }))).toBe(NOW - 3 * HOUR_MS);
  });
});
