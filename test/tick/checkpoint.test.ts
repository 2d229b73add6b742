import { describe, expect, test } from "vitest";
import type { PoolKey } from "../../src/core/fleet.ts";
import { HOUR_MS, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { isCheckpointDue } from "../../src/tick/checkpoint.ts";
import { NOW, POOL } from "../core/examples.ts";

const pools = Array.from({ length: 360 }, (_, i): PoolKey => ({ ...POOL, processGroup: `group${i}` }));

/** At each tick of a day, how many of the pools, all found at the first one, are saved; and when the first of them is. */
function day(cadenceMs: number) {
  const savedAt = new Map<PoolKey, Instant>();
  const counts: number[] = [];
  const first: Instant[] = [];
  for (let now = NOW + 4_000; now < NOW + 24 * HOUR_MS; now += cadenceMs) {
    const due = pools.filter((pool) => isCheckpointDue(pool, savedAt.get(pool) ?? null, now));
    for (const pool of due) savedAt.set(pool, now);
    if (due.includes(pools[0]!)) first.push(now);
    counts.push(due.length);
  }
  return { counts, first };
}

describe("a checkpoint is due", () => {
  test("at first, and where the clock went back", () => {
    expect(isCheckpointDue(POOL, null, NOW)).toBe(true);
    expect(isCheckpointDue(POOL, NOW + 1, NOW)).toBe(true);
    expect(isCheckpointDue(POOL, NOW, NOW)).toBe(false);
  });

  test.each([15, 5, 1])("once an hour, with a tick every %i minutes", (minutes) => {
    const { first } = day(minutes * MINUTE_MS);
    const gaps = first.slice(1).map((at, i) => at - first[i]!);
    expect(gaps[0]).toBeLessThanOrEqual(HOUR_MS);
    expect(new Set(gaps.slice(1))).toEqual(new Set([HOUR_MS]));
  });

  test("also where ticks begin some seconds earlier or later", () => {
    const jitterMs = [4_000, 9_000, 2_000, 30_000, 1_000];
    const at = Array.from({ length: 96 }, (_, i) => NOW + 15 * i * MINUTE_MS + jitterMs[i % 5]!);
    let savedAt: Instant | null = null;
    const saves = at.filter((now) => {
      if (!isCheckpointDue(POOL, savedAt, now)) return false;
      savedAt = now;
      return true;
    });
    expect(saves.length).toBeGreaterThanOrEqual(24);
    expect(saves.length).toBeLessThanOrEqual(25);
  });

  test.each([
    [15, 4],
    [5, 12],
    [1, 60],
  ])(
    "with a tick every %i minutes for about one in %i pools, though all were found together",
    (minutes, share) => {
      const { counts } = day(minutes * MINUTE_MS);
      expect(counts[0]).toBe(pools.length);
      const usual = pools.length / share;
      expect(Math.max(...counts.slice(1))).toBeLessThanOrEqual(usual + 4 * Math.sqrt(usual));
    },
  );
});
