/**
 * Learned capacity against a world whose capacity is known. Stated tolerances: by cpu and by concurrency 10 %, by latency
 * 20 %, by errors 30 % (a level of load, and always on the low side), over seeds, sizes of machines and noise.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BELIEVED_FROM, capacityOf, type LearnedCapacity } from "../../../src/core/capacity/capacity-of.ts";
import { EMPTY_CAPACITY, learnCapacity, type Serving } from "../../../src/core/capacity/learn-capacity.ts";
import type { Signal } from "../../../src/core/capacity/load-levels.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../../../src/core/time.ts";
import type { TrafficSample } from "../../../src/core/traffic.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { mostOf, p95Of, SIZE, servedBy, type WorldPlan, world } from "./queue-world.ts";

const GIVEN = { model: { requestsPerWorker: 600, leadMs: 60_000 } };
/** More than any world carries: what is learned is then never held at what was seen. */
const GENEROUS = { model: { requestsPerWorker: 1e9, leadMs: 60_000 } };

function learned(
  samples: readonly TrafficSample[],
  serving: (at: Instant) => Serving | null,
  given: Parameters<typeof capacityOf>[2] = GENEROUS,
): LearnedCapacity {
  return capacityOf(learnCapacity(EMPTY_CAPACITY, samples, serving), SIZE, given);
}

const answer = ({ evidence }: LearnedCapacity, signal: Signal) => {
  const found = evidence.find((one) => one.signal === signal);
  if (found === undefined) throw new Error(`no answer of ${signal}`);
  return found;
};
const only = (samples: readonly TrafficSample[], ...names: (keyof TrafficSample)[]) =>
  samples.map((sample) =>
    Object.fromEntries(
      (["at", "requests", ...names] as const).map((name) => [name, sample[name as keyof TrafficSample]]),
    ),
  ) as TrafficSample[];
const off = (value: number | null, truth: number) => Math.abs((value ?? 0) / truth - 1);

const anyWorld = fc.record({
  seed: fc.string({ minLength: 4, maxLength: 8 }),
  slots: fc.constantFrom(1, 4, 16, 64),
  serviceSeconds: fc.constantFrom(0.02, 0.3, 2),
  workers: fc.integer({ min: 1, max: 9 }),
  noise: fc.constantFrom(0.02, 0.1, 0.2),
});

describe("in a world of queues", () => {
  it("cpu finds the load at which a machine is full", () => {
    fc.assert(
      fc.property(
        anyWorld,
        fc.constantFrom(0.5, 0.95),
        fc.constantFrom(0.01, 0.15),
        (changes, busyCpu, idleCpu) => {
          const { plan, samples } = world({ ...changes, busyCpu, idleCpu });
          const truth = ((0.8 - idleCpu) / (busyCpu - idleCpu)) * mostOf(plan);
          const cpu = answer(learned(only(samples, "cpu"), servedBy(plan.workers)), "cpu");
          expect(off(cpu.requestsPerWorker, truth), cpu.why).toBeLessThan(0.1);
          expect(cpu.confidence).toBeGreaterThan(BELIEVED_FROM);
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  it("latency finds the load at which the P95 is twice the usual", () => {
    fc.assert(
      fc.property(anyWorld, (changes) => {
        const { plan, samples } = world({ ...changes, peak: 1.1 });
        const loads = samples
          .map(({ requests }) => requests / plan.workers / mostOf(plan))
          .sort((a, b) => a - b);
        const usual = p95Of(plan, loads[Math.floor(loads.length / 8)]!);
        let truth = 0;
        while (truth < 1 && p95Of(plan, truth) < 2 * usual) truth += 0.001;
        const result = learned(only(samples, "p95LatencyMs"), servedBy(plan.workers));
        const latency = answer(result, "latency");
        expect(off(latency.requestsPerWorker, truth * mostOf(plan)), latency.why).toBeLessThan(0.2);
        expect(latency.confidence).toBeGreaterThan(BELIEVED_FROM);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it("errors find the load from which on requests fail, and it is what the machine can do", () => {
    fc.assert(
      fc.property(anyWorld, (changes) => {
        const { plan, samples } = world({ ...changes, peak: 1.4 });
        const errors = answer(learned(only(samples, "errors"), servedBy(plan.workers)), "errors");
        expect(off(errors.requestsPerWorker, mostOf(plan)), errors.why).toBeLessThan(0.3);
        expect(errors.requestsPerWorker).toBeLessThan(mostOf(plan));
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it("concurrency finds the load at the soft limit, by Little's law", () => {
    fc.assert(
      fc.property(anyWorld, (changes) => {
        const { plan, samples } = world({ ...changes, slots: 64 });
        const given = { ...GENEROUS, softLimit: 40 };
        const signals = only(samples, "concurrency", "p95LatencyMs");
        const concurrency = answer(learned(signals, servedBy(plan.workers), given), "concurrency");
        expect(off(concurrency.requestsPerWorker, (40 * 60) / plan.serviceSeconds)).toBeLessThan(0.1);
        expect(concurrency.confidence).toBeGreaterThan(BELIEVED_FROM);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it("what gives out first binds, whichever it is", () => {
    const bound = (changes: Partial<WorldPlan>, softLimit = 1_000) => {
      const { plan, samples } = world({ slots: 4, peak: 1.1, ...changes });
      return learned(samples, servedBy(plan.workers), { ...GENEROUS, softLimit }).source;
    };
    expect(bound({ busyCpu: 1, idleCpu: 0.5, slots: 64 })).toBe("cpu");
    expect(bound({ busyCpu: 0.3 })).toBe("latency");
    expect(bound({ busyCpu: 0.3 }, 2)).toBe("concurrency");
    expect(bound({ busyCpu: 0.3, slots: 64, peak: 1.4 })).toBe("errors");
  });

  it("keeps room for bursts where a wait is allowed and the time of a request is seen, and nowhere else", () => {
    const wait = { waitSeconds: 0.1, lateShare: 0.01 };
    const { plan, samples } = world({ slots: 16, serviceSeconds: 0.3 });
    const { room } = learned(samples, servedBy(plan.workers), { ...GIVEN, wait });
    expect(room).toMatchObject({ kind: "queue", ...wait });
    expect(off(room?.kind === "queue" ? room.serviceSeconds : 0, 0.3)).toBeLessThan(0.1);
    expect(learned(samples, servedBy(plan.workers), GIVEN)).not.toHaveProperty("room");
    const blind = only(samples, "cpu", "concurrency");
    expect(learned(blind, servedBy(plan.workers), { ...GIVEN, wait })).not.toHaveProperty("room");
    const own = { kind: "margin", peakedness: 2, windowSeconds: 5, deviations: 2 } as const;
    const given = { model: { ...GIVEN.model, room: own }, wait };
    expect(learned(samples, servedBy(plan.workers), given).room).toEqual(own);
  });

  it("says in one sentence what was given, what was learned, from what, and how sure it is", () => {
    const { plan, samples } = world({ slots: 4, serviceSeconds: 0.4 });
    const result = learned(only(samples, "cpu"), servedBy(plan.workers), GIVEN);
    expect(result).toMatchObject({ source: "cpu", leadMs: 60_000 });
    expect(result.requestsPerWorker).toBeLessThan(600);
    expect(result.sentence).toMatch(/^given 600, learned \d{3} from cpu, 0\.[89]\d sure$/);
  });
});

describe("what must not fool it", () => {
  const expectGiven = (result: LearnedCapacity, why: RegExp) => {
    expect(result).toMatchObject({ source: "given", confidence: 1, requestsPerWorker: 600 });
    expect(result.sentence).toMatch(/^given 600, nothing learned that is sure enough \(/);
    expect(result.sentence).toMatch(why);
  };

  it("no samples, no signals, an unknown size", () => {
    expectGiven(learned([], servedBy(1), GIVEN), /cpu: it was not measured/);
    expectGiven(learned(only(world({}).samples), servedBy(3), GIVEN), /errors: it was not measured/);
    const state = learnCapacity(EMPTY_CAPACITY, world({}).samples, servedBy(3));
    expectGiven(capacityOf(state, "performance-1x-2048", GIVEN), /it was not measured/);
  });

  it("too few samples", () => {
    const few = only(world({}).samples.slice(600, 650), "cpu");
    expectGiven(learned(few, servedBy(3), GIVEN), /cpu: only \d+ of 60 bins were measured/);
  });

  it("signals that are noise, over seeds", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.constantFrom(0.05, 0.5, 1), (seed, sigma) => {
        const random = createRandom(seed);
        const noise = world({ seed }).samples.map((sample) => ({
          ...sample,
          cpu: Math.min(1, random.logNormal(0.3, sigma)),
          p95LatencyMs: random.logNormal(200, sigma),
          concurrency: random.logNormal(5, sigma),
          errors: Math.floor(sample.requests * Math.min(1, random.logNormal(0.01, sigma))),
        }));
        const result = learned(noise, servedBy(3), { ...GIVEN, softLimit: 20 });
        expect(result.source, result.sentence).toBe("given");
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("cpu that a job in the background burns, at any load or by the clock", () => {
    const flat = world({}).samples.map((sample, i) => ({
      at: sample.at,
      requests: sample.requests,
      cpu: 0.5 + 0.01 * (i % 3),
    }));
    expectGiven(learned(flat, servedBy(3), GIVEN), /cpu does not follow the load/);
    const hourly = world({}).samples.map(({ at, requests }) => ({
      at,
      requests,
      cpu: at % HOUR_MS < 600_000 ? 0.9 : 0.1,
    }));
    expectGiven(learned(hourly, servedBy(3), GIVEN), /cpu does not follow the load|only 0\.[0-5]/);
  });

  it("a load that hardly varies, and machines that were never busy", () => {
    const even = world({ calm: 0.5, peak: 0.5, noise: 0.05 });
    expectGiven(learned(only(even.samples, "cpu"), servedBy(3), GIVEN), /about the same|only 0\.[0-5]/);
    const lazy = world({ calm: 0.005, peak: 0.05 });
    expectGiven(learned(only(lazy.samples, "cpu"), servedBy(3), GIVEN), /cpu does not follow|only 0\.[0-5]/);
    const result = learned(lazy.samples, servedBy(3), GIVEN);
    expect(answer(result, "latency").why).toMatch(/did not double up to \d+ requests/);
  });

  it("cpu in percent, errors beyond the requests, concurrency as a mean or in connections", () => {
    const { samples, plan } = world({});
    const odd = samples.map((sample) => ({ ...sample, cpu: sample.cpu! * 100, errors: sample.requests + 5 }));
    const result = learned(odd, servedBy(3), { ...GIVEN, softLimit: 20 });
    expect(answer(result, "cpu")).toMatchObject({ requestsPerWorker: null, confidence: 0 });
    expect(answer(result, "cpu").why).toMatch(/of \d+ values are in another unit/);
    expect(answer(result, "errors").why).toMatch(/of \d+ values are in another unit/);
    for (const times of [1 / 20, 20]) {
      const wrong = samples.map((sample) => ({ ...sample, concurrency: sample.concurrency! * times }));
      const concurrency = answer(
        learned(wrong, servedBy(plan.workers), { ...GIVEN, softLimit: 20 }),
        "concurrency",
      );
      expect(concurrency.requestsPerWorker).toBeNull();
      expect(concurrency.why).toMatch(/it would mean \d+ ms a request, and the P95 is \d+ ms/);
    }
  });

  it("P95 in seconds: where it doubles is the same load", () => {
    const { samples } = world({ peak: 1.1 });
    const seconds = samples.map((sample) => ({ ...sample, p95LatencyMs: sample.p95LatencyMs! / 1_000 }));
    const [a, b] = [samples, seconds].map(
      (list) => answer(learned(list, servedBy(3)), "latency").requestsPerWorker,
    );
    expect(off(a!, b!)).toBeLessThan(0.01);
  });

  it("one machine, and machines of which half stand idle: cpu says the mean of all", () => {
    const one = world({ workers: 1 });
    const truth = ((0.8 - 0.03) / 0.92) * mostOf(one.plan);
    expect(off(learned(only(one.samples, "cpu"), servedBy(1)).requestsPerWorker, truth)).toBeLessThan(0.1);
    const half = world({ workers: 4 }).samples.map(({ at, requests, cpu }) => ({
      at,
      requests,
      cpu: (cpu! + 0.03) / 2,
    }));
    expect(off(learned(half, servedBy(8)).requestsPerWorker, truth)).toBeLessThan(0.1);
  });

  it("an outage of two hours at the peak of one day", () => {
    const { samples, plan } = world({ days: 5, peak: 0.65 });
    const broken = samples.map((sample, minute) =>
      minute >= 2_100 && minute < 2_220
        ? { ...sample, errors: sample.requests, p95LatencyMs: 30_000, cpu: 0.02 }
        : sample,
    );
    const [whole, hurt] = [samples, broken].map((list) => learned(list, servedBy(plan.workers)));
    expect(hurt!.source).toBe(whole!.source);
    expect(off(hurt!.requestsPerWorker, whole!.requestsPerWorker)).toBeLessThan(0.05);
  });

  it("a line drawn too far: more than was given is used only near what was seen", () => {
    const { plan, samples } = world({ peak: 0.55, noise: 0.02 });
    const result = learned(only(samples, "cpu"), servedBy(plan.workers), GIVEN);
    const busiest = answer(result, "cpu").to;
    expect(answer(result, "cpu").requestsPerWorker).toBeGreaterThan(1.3 * busiest);
    expect(result.requestsPerWorker).toBeCloseTo(1.25 * busiest, 6);
    expect(result.sentence).toMatch(/ sure, held at \d+: no machine was seen to carry more than \d+$/);
  });
});

it("follows a release that is twice as hungry within a week", () => {
  const before = world({ days: 10, busyCpu: 0.45, peak: 0.9 });
  const after = world({ days: 7, busyCpu: 0.9, peak: 0.9, from: before.plan.from + 10 * DAY_MS });
  const state = learnCapacity(EMPTY_CAPACITY, only(before.samples, "cpu"), servedBy(3));
  const later = learnCapacity(state, only(after.samples, "cpu"), servedBy(3));
  const truth = ((0.8 - 0.03) / 0.87) * mostOf(after.plan);
  expect(off(capacityOf(state, SIZE, GENEROUS).requestsPerWorker, truth)).toBeGreaterThan(0.5);
  expect(off(capacityOf(later, SIZE, GENEROUS).requestsPerWorker, truth)).toBeLessThan(0.1);
});
