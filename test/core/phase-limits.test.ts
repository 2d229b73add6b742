import { describe, expect, it } from "vitest";
import type { BootStats } from "../../src/core/capacity/boot-stats.ts";
import type { Machine } from "../../src/core/fleet.ts";
import type { Phase, PhaseNow } from "../../src/core/phase.ts";
import { judgePhase, phaseTerms } from "../../src/core/phase-limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../src/core/time.ts";
import { machine, NOW } from "./examples.ts";

const stats = (path: BootStats["path"], count: number, p99: number): BootStats => {
  return { path, evidence: "event", count, p50: p99 / 4, p95: p99 / 2, p99 };
};
const phase = (name: Phase, seconds: number): PhaseNow => {
  return { name, since: NOW - seconds * SECOND_MS, isOurs: name === "draining" };
};
const asked = (seconds: number): Partial<Machine> => {
  return { lastAsked: { verb: "start", by: "user", at: NOW - seconds * SECOND_MS } };
};
const isOver = (of: Machine, at: PhaseNow, terms = phaseTerms([], 10)) =>
  judgePhase(of, at, terms, NOW).isOver === true;

describe("a boot is stuck", () => {
  it.each([
    ["after Fly's five minutes while nothing is measured", 0, 4, 300],
    ["after them too while few are measured", 19, 4, 300],
    ["after twice the P99 where enough are", 20, 45, 90],
    ["not within a minute, however quick they are", 200, 2, 60],
    ["after an hour in any case", 200, 4_000, 3_600],
  ])("%s", (_what, count, p99, seconds) => {
    const terms = phaseTerms(count === 0 ? [] : [stats("start", count, p99)], 10);
    for (const name of ["starting", "warming"] as const) {
      expect(isOver(machine("m", asked(seconds)), phase(name, seconds), terms)).toBe(false);
      expect(isOver(machine("m", asked(seconds)), phase(name, seconds + 1), terms)).toBe(true);
    }
  });

  it("by what making one takes, in each phase of a machine that is made", () => {
    const made = machine("m", { createdAt: NOW - 6 * MINUTE_MS, ...asked(6 * 60) });
    expect(isOver(made, phase("warming", 350))).toBe(false);
    expect(isOver(made, phase("creating", 599))).toBe(false);
    expect(isOver(made, phase("creating", 601))).toBe(true);
  });

  it("never where it serves, rests, or is somebody else's", () => {
    for (const name of [
      "serving",
      "cordoned",
      "stopping",
      "stopped",
      "suspended",
      "failed",
      "unknown",
    ] as const)
      expect(isOver(machine("m"), phase(name, 1e6))).toBe(false);
  });
});

describe("a machine is drained", () => {
  it("when its time is over", () => {
    expect(isOver(machine("m"), phase("draining", 9.9))).toBe(false);
    expect(isOver(machine("m"), phase("draining", 10))).toBe(true);
  });

  it("when nothing was in flight in a whole bin after its cordon, and not by one before", () => {
    const idle = (ago: number) => phaseTerms([], 600, new Map([["m", NOW - ago * SECOND_MS]]));
    expect(isOver(machine("m"), phase("draining", 120), idle(100))).toBe(true);
    expect(isOver(machine("m"), phase("draining", 120), idle(130))).toBe(false);
    expect(isOver(machine("other"), phase("draining", 120), idle(100))).toBe(false);
  });
});
