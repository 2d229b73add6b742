import { describe, expect, it } from "vitest";
import {
  commonSize,
  type FleetWatch,
  leaveWatch,
  lookAgain,
  servingBy,
} from "../../../src/core/capacity/fleet-watch.ts";
import type { Machine } from "../../../src/core/fleet.ts";
import { DAY_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { CADENCE_MS, machine, NOW, started } from "../examples.ts";

const LEAD_MS = MINUTE_MS;
const SMALL = { cpuKind: "shared", cpus: 1, memoryMb: 256 };
const BIG = { ...SMALL, cpus: 4 };
const look = (now: Instant) => ({ leadMs: LEAD_MS, cadenceMs: CADENCE_MS, now });

/** One tick: a look, then a decision that leaves `after` machines. */
function tick(watch: FleetWatch | null, machines: readonly Machine[], now: Instant, after = machines.length) {
  return leaveWatch(lookAgain(watch, machines, look(now), null), machines, look(now), after);
}
const first = (count: number, after = count) => tick(null, started(count), NOW, after);
const later = (minutes: number) => NOW + minutes * MINUTE_MS;
const spansAfter = (watch: FleetWatch, machines: readonly Machine[], minutes = 15) =>
  lookAgain(watch, machines, look(later(minutes)), null).spans;

describe("the time between two looks", () => {
  it("is known where the later finds what the earlier left", () => {
    expect(first(3)).toMatchObject({ since: NOW, workers: 3, spans: [] });
    expect(spansAfter(first(3), started(3))).toEqual([[NOW, later(15), 3]]);
  });

  it("is one span for as long as nothing changes", () => {
    let watch = first(3);
    for (const minutes of [15, 30, 45]) watch = tick(watch, started(3), later(minutes));
    expect(watch.spans).toEqual([[NOW, later(45), 3]]);
  });

  it("begins when what was asked for serves, and what was stopped is gone", () => {
    expect(spansAfter(first(2, 4), started(4))).toEqual([[later(3), later(15), 4]]);
    expect(spansAfter(first(4, 2), started(2))).toEqual([[later(2), later(15), 2]]);
  });

  const two = started(2);
  it.each<[string, readonly Machine[], number]>([
    ["a start that was refused", started(1), 15],
    ["a machine that somebody started", started(4), 15],
    ["one that still boots", [...two, machine("x", { state: "starting" })], 15],
    [
      "one that was asked to start just now",
      [...two, machine("x", { createdAt: later(14.5), health: "unknown" })],
      15,
    ],
    ["one that fails its checks", [...two, machine("x", { health: "failing" })], 15],
    ["one of another size", [...two, machine("x", { size: BIG })], 15],
    ["none at all", [], 15],
    ["a look two slots late", started(3), 45],
  ])("is not known with %s", (_, machines, minutes) => {
    expect(spansAfter(first(3), machines, minutes)).toEqual([]);
  });

  it("is not known after a look that could not tell", () => {
    const failing = [...started(2), machine("x", { health: "failing" })];
    const watch = tick(first(3), failing, later(15));
    expect(watch.since).toBeNull();
    expect(spansAfter(watch, started(3), 30)).toEqual([]);
  });

  it("is forgotten with another size of machines", () => {
    const watch = tick(first(3), started(3), later(15));
    const resized = started(3).map((one) => ({ ...one, size: BIG }));
    expect(tick(watch, resized, later(30))).toMatchObject({ size: "shared-4x-256", spans: [] });
  });
});

it("drops what was learned, and keeps no more than it has room for", () => {
  let watch = first(1);
  for (let i = 1; i <= 40; i++) watch = tick(watch, started(1 + ((i - 1) % 2)), later(15 * i), 1 + (i % 2));
  expect(watch.spans).toHaveLength(12);
  expect(JSON.stringify(watch).length).toBeLessThan(700);
  const learned = lookAgain(watch, started(1), look(later(601)), later(599)).spans;
  expect(learned.every(([, until]) => until > later(599))).toBe(true);
  expect(learned.length).toBeLessThan(3);
});

it("tells what served through the whole of a bin, and of others nothing", () => {
  const watch = { ...first(3), spans: [[NOW + 1, later(5), 3]] } as const;
  const served = servingBy(watch, MINUTE_MS);
  expect([NOW, later(1), later(4), later(4.5), later(9)].map((at) => served(at)?.workers)).toEqual([
    undefined,
    3,
    3,
    undefined,
    undefined,
  ]);
  expect(served(later(1))?.size).toBe("unknown");
});

it("names the size that all active machines have, or all resting ones where none is active", () => {
  const small = machine("a", { size: SMALL });
  const big = machine("b", { size: BIG, state: "stopped" });
  expect(commonSize([small, big])).toBe("shared-1x-256");
  expect(commonSize([big])).toBe("shared-4x-256");
  expect(commonSize([small, { ...big, state: "started", createdAt: NOW - DAY_MS }])).toBeNull();
  expect(commonSize([])).toBeNull();
});
