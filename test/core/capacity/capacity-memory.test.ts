import { describe, expect, it } from "vitest";
import {
  type CapacityMemory,
  learnedRequests,
  learnNews,
} from "../../../src/core/capacity/capacity-memory.ts";
import type { FleetWatch } from "../../../src/core/capacity/fleet-watch.ts";
import { EMPTY_CAPACITY, learnCapacity } from "../../../src/core/capacity/learn-capacity.ts";
import { HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { CADENCE_MS, machine, NOW, started } from "../examples.ts";
import { SIZE, servedBy, world } from "./queue-world.ts";

const LOOK = { leadMs: MINUTE_MS, cadenceMs: CADENCE_MS, now: NOW };
const SMALL = { cpuKind: "shared", cpus: 1, memoryMb: 256 };
const small = (count: number) => started(count).map((one) => ({ ...one, size: SMALL }));
const { samples } = world({ days: 2, from: NOW - 48 * HOUR_MS });
const lastHour = samples.slice(-60);

/** Three machines, known to serve until a quarter of an hour ago and thought to serve since. */
const WATCH: FleetWatch = {
  size: SIZE,
  lookedAt: NOW - CADENCE_MS,
  since: NOW - CADENCE_MS,
  workers: 3,
  spans: [[NOW - HOUR_MS, NOW - CADENCE_MS, 3]],
};
const binsIn = ({ state }: CapacityMemory) =>
  Object.values(state.sizes[SIZE]?.levels ?? {}).reduce((sum, { load }) => sum + load[0], 0);

describe("what a tick adds", () => {
  it("is nothing where no signal was ever measured", () => {
    for (const none of [null, []])
      expect(learnNews({ state: EMPTY_CAPACITY, watch: null, samples: none }, small(3), LOOK)).toBeNull();
  });

  it("is a first look where one was, and no more: nobody knows what served", () => {
    const news = { state: EMPTY_CAPACITY, watch: null, samples: lastHour };
    expect(learnNews(news, small(3), LOOK)).toEqual({
      state: { ...EMPTY_CAPACITY, through: lastHour.at(-1)!.at },
      watch: { size: SIZE, lookedAt: NOW, since: null, workers: 0, spans: [] },
    });
  });

  it("is each bin of a time in which it is known what served, once", () => {
    const once = learnNews({ state: EMPTY_CAPACITY, watch: WATCH, samples: lastHour }, small(3), LOOK)!;
    expect(binsIn(once)).toBeCloseTo(60, 0);
    const again = learnNews({ ...once, samples: lastHour }, small(3), LOOK)!;
    expect(again.state).toEqual(once.state);
  });

  it("leaves out the time since a look that found other machines than it left", () => {
    const memory = learnNews({ state: EMPTY_CAPACITY, watch: WATCH, samples: lastHour }, small(2), LOOK)!;
    expect(binsIn(memory)).toBeCloseTo(45, 0);
  });

  it("is a look alone while no samples are read, and nothing while the machines are not known", () => {
    const seen = learnNews({ state: EMPTY_CAPACITY, watch: WATCH, samples: null }, small(3), LOOK)!;
    expect(seen.state).toBe(EMPTY_CAPACITY);
    expect(seen.watch.spans).toEqual([[NOW - HOUR_MS, NOW, 3]]);
    const news = { state: EMPTY_CAPACITY, watch: WATCH, samples: lastHour };
    expect(learnNews(news, null, LOOK)).toEqual({ state: EMPTY_CAPACITY, watch: WATCH });
  });
});

describe("what it says of the number", () => {
  const memory = { state: learnCapacity(EMPTY_CAPACITY, samples, servedBy(3)), watch: WATCH };
  const given = (requestsPerWorker: number) => ({ requestsPerWorker, leadMs: MINUTE_MS });

  it("is four digits and a sentence, for the size of the machines", () => {
    const learned = learnedRequests(memory, small(3), given(5_000))!;
    expect(learned.sentence).toMatch(/^given 5000, learned \d+ from (cpu|latency), 0\.\d\d sure$/);
    expect(String(learned.requestsPerWorker).replace(".", "").length).toBeLessThanOrEqual(4);
    expect(learned.requestsPerWorker).toBeLessThan(2_500);
    expect(learnedRequests(memory, null, given(5_000))).toEqual(learned);
  });

  it("is nothing for another size, mixed sizes, a state that knows too little, and where the number stays", () => {
    expect(learnedRequests(memory, started(3), given(5_000))).toBeNull();
    expect(learnedRequests(memory, [...small(2), machine("x")], given(5_000))).toBeNull();
    const little = learnCapacity(EMPTY_CAPACITY, samples.slice(0, 50), servedBy(3));
    expect(learnedRequests({ ...memory, state: little }, small(3), given(5_000))).toBeNull();
    const { requestsPerWorker } = learnedRequests(memory, small(3), given(5_000))!;
    expect(learnedRequests(memory, small(3), given(requestsPerWorker))).toBeNull();
  });
});
