import { describe, expect, it } from "vitest";
import { bootsOf, type MachineBefore } from "../../../src/core/capacity/boots.ts";
import type { Machine } from "../../../src/core/fleet.ts";
import { MINUTE_MS, SECOND_MS } from "../../../src/core/time.ts";
import { machine, NOW } from "../examples.ts";

const MINUTE_AGO = NOW - MINUTE_MS;
const QUARTER_AGO = NOW - 15 * MINUTE_MS;
const at = (secondsAgo: number) => NOW - secondsAgo * SECOND_MS;
const asked = (secondsAgo: number, more: Partial<Machine> = {}): Machine =>
  machine("a", { lastAsked: { verb: "start", by: "user", at: at(secondsAgo) }, ...more });
const was = (state: MachineBefore["state"], seenAt = MINUTE_AGO): MachineBefore[] => [
  { id: "a", state, seenAt },
];
const boots = (before: MachineBefore[], machines: Machine[], lookedAt: number | null = MINUTE_AGO) =>
  bootsOf(before, machines, [], lookedAt, NOW);

describe("looks a minute apart", () => {
  it("bound a boot by the time from asking to the look that found it serving", () => {
    expect(boots(was("stopped"), [asked(20)])).toEqual([
      { machineId: "a", path: "start", askedAt: at(20), servingAt: NOW, seconds: 20, evidence: "atMost" },
    ]);
  });

  it("tell one that took several looks when it serves, and only then", () => {
    expect(boots(was("starting"), [asked(100, { state: "starting" })])).toEqual([]);
    expect(boots(was("starting"), [asked(100)])).toMatchObject([{ seconds: 40, evidence: "atLeast" }]);
    expect(boots(was("started"), [asked(100)])).toEqual([]);
  });

  it("know the path: resumed, made, or started", () => {
    expect(boots(was("suspended"), [asked(2)])[0]?.path).toBe("resume");
    expect(boots([], [asked(40, { createdAt: at(45) })])[0]?.path).toBe("create");
    expect(boots([], [asked(40, { createdAt: at(9_000) })])[0]?.path).toBe("start");
    expect(boots(was("started", at(30)), [asked(31)])[0]?.path).toBe("start");
  });

  it("need no event: the intent says when, or the machine's making", () => {
    const silent = machine("a", { name: "fa-1", createdAt: at(30) });
    expect(boots([], [silent])).toMatchObject([{ path: "create", seconds: 30 }]);
    const create = { action: { kind: "create", machineName: "fa-1" }, openedAt: at(50) } as const;
    expect(bootsOf([], [silent], [create], MINUTE_AGO, NOW)).toMatchObject([{ path: "create", seconds: 50 }]);
    const start = { action: { kind: "start", machineId: "a" }, openedAt: at(10) } as const;
    const old = machine("a");
    expect(bootsOf(was("stopped"), [old], [start], MINUTE_AGO, NOW)).toMatchObject([
      { path: "start", seconds: 10 },
    ]);
  });
});

describe("Fly's events", () => {
  const told = (servedAgo: number | null, more: Partial<Machine> = {}) =>
    asked(300, {
      lastBoot: {
        path: "resume",
        askedAt: at(300),
        startedAt: at(298),
        servingAt: servedAgo === null ? null : at(servedAgo),
      },
      ...more,
    });

  it("measure a boot to the second, whatever the looks can tell", () => {
    const measured = { path: "resume", askedAt: at(300), servingAt: at(290), seconds: 10, evidence: "event" };
    expect(boots(was("suspended", QUARTER_AGO), [told(290)], QUARTER_AGO)).toEqual([
      { machineId: "a", ...measured },
    ]);
    expect(boots(was("starting", at(295)), [told(290)], at(295))).toMatchObject([measured]);
  });

  it("tell a boot to the looks after it, and to no later one", () => {
    expect(boots(was("started", at(100)), [told(290)], at(100))).toEqual([]);
  });

  it("that do not say when it served, or speak of another start, leave it to the looks", () => {
    expect(boots(was("starting", at(280)), [told(null)], at(280))).toMatchObject([
      { evidence: "atLeast", seconds: 20 },
    ]);
    const other = told(290, { lastAsked: { verb: "start", by: "user", at: at(20) } });
    expect(boots(was("stopped"), [other])).toMatchObject([{ evidence: "atMost", seconds: 20 }]);
  });

  it("of a machine that fails its checks, or is out of routing, are not believed yet", () => {
    for (const more of [{ health: "failing" }, { cordoned: true }] as const)
      expect(boots(was("stopped", QUARTER_AGO), [told(290, more)], QUARTER_AGO)).toEqual([]);
  });
});

describe("looks a quarter of an hour apart", () => {
  it("say nothing of a boot that came and went between them", () => {
    expect(boots(was("stopped", QUARTER_AGO), [asked(20)], QUARTER_AGO)).toEqual([]);
    expect(boots(was("stopped", QUARTER_AGO), [asked(880)], QUARTER_AGO)).toEqual([]);
  });

  it("say of one that was seen half-way that it took at least so long", () => {
    expect(boots(was("creating", QUARTER_AGO), [asked(1_000)], QUARTER_AGO)).toMatchObject([
      { seconds: 100, evidence: "atLeast" },
    ]);
  });
});

describe("nothing is told", () => {
  it.each<[string, MachineBefore[], Machine]>([
    ["that boots no more", was("starting"), asked(10, { state: "stopped" })],
    ["that fails its checks", was("stopped"), asked(10, { health: "failing" })],
    ["that is cordoned", was("stopped"), asked(10, { cordoned: true })],
    ["that has long served", was("started"), machine("a")],
    [
      "that was last asked to stop",
      was("starting"),
      machine("a", { lastAsked: { verb: "stop", by: "user", at: at(5) } }),
    ],
    ["from the future, where clocks differ", was("stopped"), asked(-1)],
  ])("of a machine %s", (_, before, seen) => {
    expect(boots(before, [seen])).toEqual([]);
  });

  it("by a first look, or one at the time of the last", () => {
    expect(boots([], [asked(10)], null)).toEqual([]);
    expect(boots([], [asked(10)], NOW)).toEqual([]);
  });
});

it("tells each boot once, over a day of looks a minute apart", () => {
  const told = [];
  const start = NOW;
  for (let minute = 1; minute < 1_440; minute++) {
    const now = start + minute * MINUTE_MS;
    // Asked 20 s after each full quarter, serving 130 s later; stopped again five minutes after the quarter.
    const askedAt = start + Math.floor(minute / 15) * 15 * MINUTE_MS + 20_000;
    const stateAt = (when: number) =>
      when < askedAt || when >= askedAt + 280_000
        ? "stopped"
        : when < askedAt + 130_000
          ? "starting"
          : "started";
    const lastAsked = { verb: "start", by: "user", at: askedAt } as const;
    const before: MachineBefore[] = [{ id: "a", state: stateAt(now - MINUTE_MS), seenAt: now - MINUTE_MS }];
    told.push(
      ...bootsOf(before, [machine("a", { state: stateAt(now), lastAsked })], [], now - MINUTE_MS, now),
    );
  }
  expect(told).toHaveLength(96);
  expect(new Set(told.map(({ seconds }) => seconds))).toEqual(new Set([100]));
});
