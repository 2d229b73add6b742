import { describe, expect, it } from "vitest";
import type { BootStats } from "../../../src/core/capacity/boot-stats.ts";
import { bootLeads, describeLead, ENOUGH_BOOTS, slowestLead } from "../../../src/core/capacity/lead-time.ts";

const stats = (changes: Partial<BootStats> = {}): BootStats => {
  return { path: "start", evidence: "event", count: ENOUGH_BOOTS, p50: 2, p95: 4.2, p99: 40, ...changes };
};

describe("the lead of a path", () => {
  it("is assumed until enough is measured, each path by itself", () => {
    const leads = bootLeads([stats({ count: ENOUGH_BOOTS - 1 })]);
    expect([leads.start, leads.resume, leads.create].map((lead) => [lead.p95Seconds, lead.source])).toEqual([
      [5, "prior"],
      [2, "prior"],
      [60, "prior"],
    ]);
    expect(bootLeads([]).start.stuckSeconds).toBe(300);
    expect(bootLeads([]).create.stuckSeconds).toBe(600);
  });

  it("is the P95 of measured boots, and stuck is twice the P99", () => {
    const { start, create } = bootLeads([stats()]);
    expect(start).toEqual({
      path: "start",
      p95Seconds: 4.2,
      stuckSeconds: 80,
      source: "measured",
      count: ENOUGH_BOOTS,
    });
    expect(create.source).toBe("prior");
  });

  it("takes no bound for a measurement: an upper one only lowers what is assumed", () => {
    const atMost = stats({ evidence: "atMost", p95: 58, count: 500 });
    expect(bootLeads([atMost]).start).toMatchObject({ p95Seconds: 5, source: "prior" });
    expect(bootLeads([{ ...atMost, p95: 3 }]).start).toMatchObject({ p95Seconds: 3, source: "bounded" });
    expect(bootLeads([{ ...atMost, p95: 3, count: 19 }]).start.source).toBe("prior");
    expect(bootLeads([{ ...atMost, p95: 3 }, stats()]).start).toMatchObject({
      p95Seconds: 4.2,
      source: "measured",
    });
  });

  it("is raised by a few slow boots, unless they are fewer than a P95 leaves out", () => {
    const slow = stats({ path: "create", count: 3, p95: 240 });
    const atLeast = stats({ path: "create", evidence: "atLeast", count: 3, p95: 240 });
    const quick = (count: number) => stats({ path: "create", evidence: "atMost", count, p95: 30 });
    expect(bootLeads([slow]).create).toMatchObject({ p95Seconds: 240, source: "raised", count: 3 });
    expect(bootLeads([atLeast, quick(40)]).create).toMatchObject({ p95Seconds: 240, source: "raised" });
    expect(bootLeads([atLeast, quick(100)]).create).toMatchObject({ p95Seconds: 30, source: "bounded" });
    expect(bootLeads([{ ...atLeast, count: 2 }]).create.p95Seconds).toBe(60);
    expect(bootLeads([{ ...atLeast, p95: 6, count: 500 }]).create.p95Seconds).toBe(60);
  });

  it("passes over what is no number", () => {
    expect(bootLeads([stats({ p95: Number.NaN })]).start.source).toBe("prior");
  });

  it("of several ways is the slowest", () => {
    const leads = bootLeads([]);
    expect(slowestLead(leads).path).toBe("create");
    expect(slowestLead(leads, ["resume"]).path).toBe("resume");
    expect(slowestLead(leads, ["resume", "start"]).path).toBe("start");
    expect(slowestLead(leads, []).path).toBe("create");
  });
});

describe("a lead in words", () => {
  it("says what it rests on", () => {
    expect(
      [[], [stats({ evidence: "atMost" })], [stats({ path: "create", count: 4, p95: 90 })]].map((given) =>
        describeLead(
          slowestLead(
            bootLeads(given),
            given.map(({ path }) => path),
          ),
        ),
      ),
    ).toEqual([
      "a create takes 60 s (assumed: fewer than 20 boots were measured)",
      "a start takes 4.2 s at most (P95 of 20 boots seen by ticks)",
      "a create takes 90 s (P95 of only 4 boots, but slower than assumed)",
    ]);
  });
});
