/** The decision bench itself: it must not see the future, and its world must be the referee's. */
import { describe, expect, it } from "vitest";
import { shippedPolicy } from "../../bench/decisions/defaults.ts";
import { drive } from "../../bench/decisions/drive.ts";
import { fleetOf } from "../../bench/decisions/fleet.ts";
import type { Minutes } from "../../bench/decisions/minutes.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { evaluate } from "../../src/sim/baselines/evaluate.ts";
import { createRandom } from "../../src/sim/random.ts";
import { POOL } from "../core/examples.ts";

const CAPACITY = 50;
const SPLIT = 2 * 1_440;
const JUDGED = 240;

/** Two days and four hours of noisy minutes; from `noiseFrom` on others come. */
function trace(noiseFrom = Number.POSITIVE_INFINITY): Minutes {
  const random = createRandom("minutes");
  const other = createRandom("other minutes");
  const demand = Float64Array.from({ length: SPLIT + JUDGED }, (_, i) => {
    const usual = 300 + 250 * Math.sin((2 * Math.PI * i) / 1_440) + 30 * random.normal();
    return Math.max(0, i < SPLIT + noiseFrom ? usual : 2_000 * other.next());
  });
  return {
    name: "noise",
    start: Date.UTC(2026, 5, 1),
    demand,
    missing: new Uint8Array(demand.length),
    split: SPLIT,
    capacity: CAPACITY,
  };
}

function decisions(
  of: Minutes,
  cadence: number,
  goal: { shortShare: number; unservedPrice: number | null },
): number[] {
  const desired: number[] = [];
  const policy = { ...shippedPolicy(CAPACITY), ...goal };
  drive(of, cadence, [{ name: "one", policy, bootMinutes: 5, note: (_, count) => desired.push(count) }]);
  return desired;
}

describe("no output looks ahead", () => {
  const NOISE_FROM = 120;
  it.each([
    ["a price, every minute", 1, { shortShare: 0.01, unservedPrice: 20 }],
    ["a promise, every minute", 1, { shortShare: 0.01, unservedPrice: null }],
    ["a promise, every quarter of an hour", 15, { shortShare: 0.01, unservedPrice: null }],
  ])("of %s", (_, cadence, goal) => {
    const usual = decisions(trace(), cadence, goal);
    const noisy = decisions(trace(NOISE_FROM), cadence, goal);
    // At minute t the load up to t − 1 was seen: the first noisy minute shows one minute later.
    expect(noisy.slice(0, NOISE_FROM + 1)).toEqual(usual.slice(0, NOISE_FROM + 1));
    expect(noisy).not.toEqual(usual);
  });
});

it("its fleet serves and is billed as the referee's", () => {
  const random = createRandom("fleet");
  for (const bootMinutes of [1, 5, 15]) {
    const wishes = Int32Array.from({ length: 400 }, () => random.int(1, 9));
    const load = Float64Array.from(wishes, () => random.between(0, 9 * CAPACITY));
    const fleet = fleetOf(POOL, wishes[0]!, bootMinutes * MINUTE_MS);
    let [billed, short] = [0, 0];
    wishes.forEach((wish, minute) => {
      fleet.ask(wish, minute * MINUTE_MS);
      billed += fleet.billed;
      if (load[minute]! > fleet.serving * CAPACITY + 1e-9) short += 1;
    });
    const referee = evaluate(load, wishes, { requestsPerMachine: CAPACITY, min: 1, max: 99, bootMinutes });
    expect([billed, short]).toEqual([referee.machineMinutes, referee.shortMinutes]);
  }
});
