import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { machinesFor } from "../../../src/core/capacity/capacity-model.ts";
import { lateShareOf } from "../../../src/core/capacity/erlang.ts";
import { fewestMachines, type Room } from "../../../src/core/capacity/staffing.ts";
import { createRandom } from "../../../src/sim/random.ts";

const queue: Room = { kind: "queue", serviceSeconds: 0.1, waitSeconds: 0.1, lateShare: 0.01 };
const margin: Room = { kind: "margin", peakedness: 2, windowSeconds: 5, deviations: 2 };
const rooms = [null, queue, margin];
const anyLoad = fc.double({ min: 0, max: 1e7, noNaN: true });
const anyCapacity = fc.double({ min: 0.5, max: 1e5, noNaN: true });

describe("without room", () => {
  it("is load over capacity, rounded up, and a rounding error is no machine", () => {
    expect(
      [0, 0.1, 99, 100, 100.1, 250].map((load) => machinesFor(load, { requestsPerWorker: 100 })),
    ).toEqual([0, 1, 1, 1, 2, 3]);
    expect(0.1 + 0.1 + 0.1).toBeGreaterThan(0.3);
    expect(machinesFor(0.1 + 0.1 + 0.1, { requestsPerWorker: 0.1 })).toBe(3);
    expect(fewestMachines(300 * (1 + 1e-12), 100, null)).toBe(3);
    fc.assert(
      fc.property(anyLoad, anyCapacity, (load, capacity) => {
        const expected = load > 0 ? Math.min(1e6, Math.max(0, Math.ceil(load / capacity - 1e-9))) : 0;
        expect(fewestMachines(load, capacity, null)).toBe(expected);
      }),
    );
  });

  it("is none for no load, a million for an absurd one, unknown for an unknown one", () => {
    for (const room of rooms) {
      expect(fewestMachines(0, 100, room)).toBe(0);
      expect(fewestMachines(-5, 100, room)).toBe(0);
      expect(fewestMachines(Number.POSITIVE_INFINITY, 100, room)).toBe(1_000_000);
      expect(fewestMachines(1e300, 100, room)).toBe(1_000_000);
      expect(fewestMachines(Number.NaN, 100, room)).toBeNaN();
    }
  });
});

describe("with room", () => {
  it("never asks for fewer, and for more load never for fewer", () => {
    fc.assert(
      fc.property(anyLoad, anyLoad, anyCapacity, fc.constantFrom(queue, margin), (a, b, capacity, room) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const machines = fewestMachines(low, capacity, room);
        expect(machines).toBeGreaterThanOrEqual(fewestMachines(low, capacity, null));
        expect(fewestMachines(high, capacity, room)).toBeGreaterThanOrEqual(machines);
      }),
    );
  });

  it("gives few machines a large share of it and many a small one", () => {
    for (const room of [queue, margin]) {
      const shares = [1, 10, 100, 1_000].map((n) => fewestMachines(600 * n, 600, room) / n);
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      expect(shares[0]).toBeGreaterThanOrEqual(2);
      expect(shares[3]).toBeLessThan(1.02);
    }
  });
});

describe("the queue's room", () => {
  it("is the fewest machines that keep the late share", () => {
    // 600 a minute, 0.1 s each: one slot a machine.
    for (const load of [100, 550, 1_800, 12_345]) {
      const machines = fewestMachines(load, 600, queue);
      expect(lateShareOf(load / 600, machines, 0.1, 0.1)).toBeLessThanOrEqual(0.01);
      if (machines > Math.ceil(load / 600))
        expect(lateShareOf(load / 600, machines - 1, 0.1, 0.1)).toBeGreaterThan(0.01);
    }
  });

  it("is what the documents say", () => {
    expect([1, 10, 100].map((n) => fewestMachines(600 * n, 600, queue))).toEqual([4, 14, 105]);
  });

  it("counts slots: a machine that works on many at once needs less room", () => {
    const alone = fewestMachines(3_000, 600, queue);
    const many = fewestMachines(3_000, 600, { ...queue, serviceSeconds: 5 });
    expect(alone).toBeGreaterThan(many);
    // 50 slots a machine, 250 Erlang: six machines wait for nothing worth telling, five for ever.
    expect(many).toBe(6);
  });

  it("agrees with a simulated queue", () => {
    const machines = fewestMachines(1_500, 600, queue);
    const late = simulateQueue(1_500, machines, 0.1, 0.1, 200_000);
    const oneLess = simulateQueue(1_500, machines - 1, 0.1, 0.1, 200_000);
    expect(late).toBeLessThan(0.012);
    expect(oneLess).toBeGreaterThan(0.01);
  });
});

/** Chance arrivals and exponential work on `servers`; the share of requests that began later than `waitSeconds`. */
function simulateQueue(
  perMinute: number,
  servers: number,
  serviceSeconds: number,
  waitSeconds: number,
  requests: number,
): number {
  const random = createRandom("queue");
  const exponential = (mean: number) => -mean * Math.log(1 - random.next());
  const freeAt = new Array<number>(servers).fill(0);
  let at = 0;
  let late = 0;
  for (let i = 0; i < requests; i++) {
    at += exponential(60 / perMinute);
    const first = freeAt.indexOf(Math.min(...freeAt));
    const begins = Math.max(at, freeAt[first]!);
    if (begins - at > waitSeconds) late++;
    freeAt[first] = begins + exponential(serviceSeconds);
  }
  return late / requests;
}

describe("the margin's room", () => {
  it("is R + β·√(z·R) of the requests in a window", () => {
    // 6000 a minute are 500 in 5 s; √(2·500) = 31.6; two of those: 563.2 in 5 s, 6759 a minute.
    expect(fewestMachines(6_000, 100, margin)).toBe(68);
    expect(fewestMachines(6_000, 100, { ...margin, peakedness: 0 })).toBe(60);
  });

  it("covers as many windows as the deviations promise", () => {
    const random = createRandom("windows");
    const machines = fewestMachines(600, 10, { ...margin, peakedness: 1 });
    const over = Array.from({ length: 20_000 }, () => random.poisson(50)).filter(
      (count) => count > (machines * 10) / 12,
    );
    expect(over.length / 20_000).toBeLessThan(0.03);
  });
});
