import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/core/fleet.ts";
import { outdatedMachines, releaseUnderWay } from "../../src/core/release.ts";
import { MINUTE_MS } from "../../src/core/time.ts";
import { machine, NOW } from "./examples.ts";

const of = (version: number, id: string, changes: Partial<Machine> = {}): Machine =>
  machine(id, { release: { id: `rel_${version}`, version }, ...changes });
const young = { createdAt: NOW - 2 * MINUTE_MS };

describe("releaseUnderWay", () => {
  it("sees new machines beside old ones, cordoned or not", () => {
    const fleet = [of(9, "a"), of(9, "b"), of(10, "c", { ...young, cordoned: true, state: "created" })];
    expect(releaseUnderWay(fleet, NOW)).toEqual({
      kind: "blueGreen",
      why: "release v10 has 1 new beside 2 old machines",
    });
    expect(releaseUnderWay([of(9, "a"), of(10, "c", young)], NOW)?.kind).toBe("blueGreen");
  });

  it("sees machines being brought up to date", () => {
    const moved = { lastAsked: { verb: "start", by: "user", at: NOW - MINUTE_MS } } as const;
    expect(releaseUnderWay([of(1, "a"), of(1, "b"), of(2, "c", moved)], NOW)).toEqual({
      kind: "rolling",
      why: "release v2 is being brought to 2 more machines",
    });
  });

  it("goes by the number, not by the word or the order; without numbers by the youngest machine", () => {
    expect(releaseUnderWay([of(9, "a", young), of(10, "b")], NOW)).toBeNull();
    const bare = (id: string, at: number) =>
      machine(id, { release: { id: `rel_${id}`, version: null }, createdAt: at });
    expect(releaseUnderWay([bare("b", young.createdAt), bare("a", NOW - 900 * MINUTE_MS)], NOW)?.why).toMatch(
      /rel_b/,
    );
  });

  it("is over when the old ones are gone or at rest", () => {
    expect(releaseUnderWay([of(2, "c", young)], NOW)).toBeNull();
    expect(releaseUnderWay([of(1, "a", { state: "stopped" }), of(2, "c", young)], NOW)).toBeNull();
    expect(releaseUnderWay([of(1, "a", { cordoned: true }), of(2, "c", young)], NOW)).toBeNull();
  });

  it("takes what a failed deploy left behind for no deploy", () => {
    const old = { createdAt: NOW - 31 * MINUTE_MS };
    expect(releaseUnderWay([of(1, "a"), of(2, "c", old)], NOW)).toBeNull();
    const long = { ...old, lastAsked: { verb: "start", by: "user", at: NOW - 11 * MINUTE_MS } } as const;
    expect(releaseUnderWay([of(1, "a"), of(2, "c", long)], NOW)).toBeNull();
  });

  it("takes flyahead's own clones for none", () => {
    const clone = of(2, "c", { ...young, name: "fa-web-fra-mc8w2o-1-0" });
    expect(releaseUnderWay([of(1, "a"), clone], NOW)).toBeNull();
    expect(releaseUnderWay([of(1, "a"), { ...clone, name: "fabric-1" }], NOW)).not.toBeNull();
  });

  it("says nothing of machines that tell no release", () => {
    expect(releaseUnderWay([machine("a"), machine("b", young)], NOW)).toBeNull();
    expect(releaseUnderWay([], NOW)).toBeNull();
  });
});

describe("outdatedMachines", () => {
  it("names those that a later release left behind", () => {
    expect(outdatedMachines([of(2, "a"), of(1, "b"), of(2, "c"), machine("d")])).toEqual(["b"]);
    expect(outdatedMachines([of(2, "a"), of(2, "b")])).toEqual([]);
  });

  it("trusts no release that is not routed yet", () => {
    expect(outdatedMachines([of(1, "a"), of(2, "b", { cordoned: true })])).toEqual([]);
  });
});
