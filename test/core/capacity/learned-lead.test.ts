import { describe, expect, it } from "vitest";
import type { BootStats } from "../../../src/core/capacity/boot-stats.ts";
import type { BootPath } from "../../../src/core/capacity/boots.ts";
import { ENOUGH_BOOTS } from "../../../src/core/capacity/lead-time.ts";
import { learnedLead, openPaths } from "../../../src/core/capacity/learned-lead.ts";
import { machine, started } from "../examples.ts";

const measured = (path: BootPath, p95: number, changes: Partial<BootStats> = {}): BootStats => {
  return { path, evidence: "event", count: ENOUGH_BOOTS, p50: p95 / 2, p95, p99: 2 * p95, ...changes };
};
const resting = (...states: ("stopped" | "suspended")[]) => [
  ...started(2),
  ...states.map((state, i) => machine(`r${i}`, { state })),
];

it.each([
  ["none resting", started(2), ["create"]],
  ["one stopped", resting("stopped"), ["start"]],
  ["one suspended", resting("suspended"), ["resume"]],
  ["both", resting("suspended", "stopped"), ["start", "resume"]],
  ["one resting, but cordoned", [machine("r", { state: "stopped", cordoned: true })], ["create"]],
])("ways that are open with %s", (_, machines, paths) => {
  expect(openPaths(machines)).toEqual(paths);
});

describe("the lead that a decision plans with", () => {
  const all = [measured("start", 4.2), measured("resume", 0.8), measured("create", 33)];

  it("is that of the way that is open, of two the slower", () => {
    expect(learnedLead(all, started(2), 60)).toMatchObject({ path: "create", p95Seconds: 33 });
    expect(learnedLead(all, resting("suspended"), 60)).toMatchObject({ path: "resume", p95Seconds: 0.8 });
    expect(learnedLead(all, resting("suspended", "stopped"), 60)).toMatchObject({ path: "start" });
  });

  it("is the owner's where too little was measured, also where nothing was or nobody knows what is open", () => {
    expect(learnedLead([], started(2), 60)).toBeNull();
    expect(learnedLead(all, null, 60)).toBeNull();
    expect(learnedLead([measured("create", 33, { count: ENOUGH_BOOTS - 1 })], started(2), 60)).toBeNull();
    expect(learnedLead([measured("start", 4.2)], started(2), 60)).toBeNull();
  });

  it("is not lowered below the owner's by a few boots that were only slower than assumed", () => {
    const few = [measured("start", 40, { evidence: "atLeast", count: 3 })];
    expect(learnedLead(few, resting("stopped"), 60)).toBeNull();
    expect(learnedLead(few, resting("stopped"), 20)).toMatchObject({ source: "raised", p95Seconds: 40 });
  });
});
