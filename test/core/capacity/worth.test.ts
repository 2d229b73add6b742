import { describe, expect, it } from "vitest";
import {
  type Ahead,
  type Schedule,
  START_COST_MINUTES,
  worthRunning,
} from "../../../src/core/capacity/worth.ts";
import { MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

/** Each row a machine: what a minute without it costs, in machine-minutes. */
function ahead(rows: readonly (readonly number[])[]): Ahead {
  return { start: 0, binMs: MINUTE_MS, blocks: rows.length, missed: (block) => rows[block]! };
}

const everyMinute = (minutes: number, leadMinutes: number): Schedule => ({
  ticks: Array.from({ length: minutes + 1 }, (_, i) => i * MINUTE_MS),
  leadMs: leadMinutes * MINUTE_MS,
});
const standing = (serving: number) => ({ serving, bootingUntil: [] });
const minutes = (length: number, missedFrom: number, missed = 10) =>
  Array.from({ length }, (_, i) => (i >= missedFrom ? missed : 0));

describe("starting", () => {
  it("waits while a start a tick later would still be in time", () => {
    const run = (from: number) => worthRunning(ahead([minutes(60, from)]), standing(0), everyMinute(60, 5));
    expect(run(6)).toBe(0);
    expect(run(5)).toBe(1);
  });

  it("is not worth it for less than the boot and the start cost", () => {
    const burst = (length: number) => [
      Array.from({ length: 60 }, (_, i) => (i >= 5 && i < 5 + length ? 2 : 0)),
    ];
    // Boot and start cost against one net minute for each minute served.
    const paid = 5 + START_COST_MINUTES;
    expect(worthRunning(ahead(burst(paid)), standing(0), everyMinute(60, 5))).toBe(0);
    expect(worthRunning(ahead(burst(paid + 1)), standing(0), everyMinute(60, 5))).toBe(1);
  });
});

describe("keeping", () => {
  const gap = (length: number) => [Array.from({ length: 120 }, (_, i) => (i >= length ? 10 : 0))];

  it("bridges a gap that costs less than booting again", () => {
    const bridged = 5 + START_COST_MINUTES;
    expect(worthRunning(ahead(gap(bridged)), standing(1), everyMinute(120, 5))).toBe(1);
    expect(worthRunning(ahead(gap(bridged + 1)), standing(1), everyMinute(120, 5))).toBe(0);
  });

  it("keeps a machine that boots for what it boots for", () => {
    const rows = [minutes(60, 4, 3)];
    const booting = { serving: 0, bootingUntil: [4 * MINUTE_MS] };
    expect(worthRunning(ahead(rows), booting, everyMinute(60, 5))).toBe(1);
    expect(worthRunning(ahead([minutes(60, 60)]), booting, everyMinute(60, 5))).toBe(0);
  });
});

it("serves the rarest use only at a price that pays for it", () => {
  const run = (missed: number) =>
    worthRunning(ahead([minutes(60, 0, missed)]), standing(1), everyMinute(60, 5));
  expect([run(0.99), run(1.01)]).toEqual([0, 1]);
});

it("never runs fewer machines where each is missed more", () => {
  const random = createRandom("worth");
  for (let i = 0; i < 100; i++) {
    const rows = Array.from({ length: 6 }, () => Array.from({ length: 30 }, () => random.between(0, 3)));
    for (const [k, row] of rows.entries()) {
      if (k > 0) row.splice(0, row.length, ...row.map((value, bin) => Math.min(value, rows[k - 1]![bin]!)));
    }
    const serving = random.int(0, 6);
    const schedule = everyMinute(30, random.int(1, 6));
    const few = worthRunning(ahead(rows), standing(serving), schedule);
    const more = worthRunning(ahead(rows.map((row) => row.map((x) => 1.5 * x))), standing(serving), schedule);
    expect(more).toBeGreaterThanOrEqual(few);
  }
});

/** All on-off plans of one machine over a short schedule, tried one by one. */
function bestFirstMove(missed: readonly number[], lead: number, isOn: boolean): boolean {
  const ticks = missed.length;
  const value = (tick: number, on: boolean, bootingFor: number): number => {
    if (tick >= ticks) return 0;
    if (bootingFor > 0) return -1 + value(tick + 1, true, bootingFor - 1);
    const stay = on
      ? missed[tick]! - 1 + Math.max(value(tick + 1, true, 0), value(tick + 1, false, 0))
      : Number.NEGATIVE_INFINITY;
    if (on) return stay;
    const start =
      tick + lead <= ticks
        ? -START_COST_MINUTES - lead + value(tick + lead, true, 0)
        : Number.NEGATIVE_INFINITY;
    return Math.max(value(tick + 1, false, 0), start);
  };
  const off = value(1, false, 0);
  if (isOn) return missed[0]! - 1 + Math.max(value(1, true, 0), value(1, false, 0)) >= off;
  return -START_COST_MINUTES - lead + value(lead, true, 0) > Math.max(0, off);
}

it("finds what trying every plan finds", () => {
  const random = createRandom("brute");
  for (let i = 0; i < 300; i++) {
    const lead = random.int(1, 3);
    const missed = Array.from({ length: 11 }, () => random.pick([0, 0, 0.5, 5, 12]));
    const isOn = random.next() < 0.5;
    const found = worthRunning(ahead([missed]), standing(isOn ? 1 : 0), everyMinute(11, lead)) === 1;
    expect(found).toBe(bestFirstMove(missed, lead, isOn));
  }
});
