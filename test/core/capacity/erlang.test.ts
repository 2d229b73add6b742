import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lateShareOf, lossProbability, waitProbability } from "../../../src/core/capacity/erlang.ts";

/** The other way to compute it, upward from no server: B(n) = a·B(n−1) / (n + a·B(n−1)). */
function lossUpward(erlangs: number, servers: number): number {
  let loss = 1;
  for (let n = 1; n <= servers; n++) loss = (erlangs * loss) / (n + erlangs * loss);
  return loss;
}

describe("published values", () => {
  // Call Centre Helper, "Erlang C Formula – Made Simple With an Easy Worked Example": 200 calls an hour of 3 minutes are
  // 10 Erlang; with 14 agents 17.4 % wait, and 88.8 % are answered within 20 seconds.
  it("10 Erlang on 14 servers", () => {
    expect(waitProbability(10, 14)).toBeCloseTo(0.174, 3);
    expect(1 - lateShareOf(10, 14, 180, 20)).toBeCloseTo(0.888, 3);
  });

  // Wolfram Language, ErlangC, first application: 30 calls an hour of 5 minutes, 90 % not delayed.
  it("2.5 Erlang need 6 servers for nine in ten not to wait", () => {
    expect(waitProbability(2.5, 5)).toBeGreaterThan(0.1);
    expect(waitProbability(2.5, 6)).toBeLessThan(0.1);
  });

  // By the definition, in exact fractions.
  it.each([
    [10, 13, 0.08433886267236648, 0.28527045303649295],
    [10, 11, 0.16323233324443395, 0.6821182046893324],
    [5, 8, 0.07004785220956704, 0.1672665066617566],
    [50, 60, 0.021668473057806243, 0.11730205613220741],
    [200, 220, 0.011041623722252732, 0.10938047992578112],
    [0.5, 1, 1 / 3, 0.5],
    [1, 2, 0.2, 1 / 3],
  ])("%s Erlang on %s servers", (erlangs, servers, loss, wait) => {
    expect(lossProbability(erlangs, servers)).toBeCloseTo(loss, 13);
    expect(waitProbability(erlangs, servers)).toBeCloseTo(wait, 13);
  });
});

describe("the ends", () => {
  it("nobody waits without load; everybody where the servers cannot keep up, or there are none", () => {
    expect([waitProbability(0, 3), lateShareOf(0, 3, 1, 1)]).toEqual([0, 0]);
    expect([waitProbability(3, 3), waitProbability(4, 3), waitProbability(0, 0)]).toEqual([1, 1, 1]);
    expect([lossProbability(0, 0), lossProbability(2, 0), lateShareOf(4, 3, 1, 60)]).toEqual([1, 1, 1]);
  });

  it("stays a number far beyond what a factorial can hold", () => {
    expect(lossProbability(1e6, 1e6)).toBeCloseTo(Math.sqrt(2 / (Math.PI * 1e6)), 5);
    expect(waitProbability(1e6, 1e6 + 1_000)).toBeCloseTo(0.223, 2);
    expect(lossProbability(1, 1e6)).toBe(0);
  });
});

it("agrees with the recursion, and falls with each server", () => {
  const load = fc.double({ min: 0.01, max: 400, noNaN: true });
  fc.assert(
    fc.property(load, fc.integer({ min: 1, max: 500 }), (erlangs, servers) => {
      const upward = lossUpward(erlangs, servers);
      expect(Math.abs(lossProbability(erlangs, servers) - upward)).toBeLessThanOrEqual(1e-12);
      const wait = waitProbability(erlangs, servers);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(1);
      expect(waitProbability(erlangs, servers + 1)).toBeLessThanOrEqual(wait + 1e-12);
    }),
  );
});
