import { describe, expect, it } from "vitest";
import { holdsAt, isSchedule, parseSchedule } from "../../../src/core/constraints/schedule-text.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { timeOfWeekMs } from "../../../src/core/zone.ts";

const WEEK_MINUTES = 7 * 24 * 60;
const one = (text: string) => parseSchedule(text)[0]!;
const minutesOn = (text: string) =>
  Array.from({ length: WEEK_MINUTES }, (_, i) => i).filter((i) => holdsAt(one(text), i * MINUTE_MS)).length;

describe("reading", () => {
  it("takes entries in order, as they were written", () => {
    expect(
      parseSchedule(" Mon-Fri  08:00-18:00 MIN 4; sat,sun 9:30-24:00 max 6 min 2;\n").map(({ text }) => text),
    ).toEqual(["Mon-Fri 08:00-18:00 MIN 4", "sat,sun 9:30-24:00 max 6 min 2"]);
    expect(one("sat,sun 9:30-24:00 max 6 min 2")).toMatchObject({
      days: [false, false, false, false, false, true, true],
      fromMs: 9.5 * HOUR_MS,
      untilMs: DAY_MS,
      min: 2,
      max: 6,
    });
  });

  it("takes nothing as no entry", () => {
    expect(parseSchedule("")).toEqual([]);
    expect(parseSchedule(" ; \n")).toEqual([]);
  });

  it("lets days run over Sunday", () => {
    expect(one("fri-mon 08:00-09:00 min 1").days).toEqual([true, false, false, false, true, true, true]);
    expect(one("wed-wed 08:00-09:00 min 1").days.filter(Boolean)).toHaveLength(1);
  });

  it.each([
    ["mon-fri 08:00 min 4", "not of that form"],
    ["mon-fri 08:00-18:00", "not of that form"],
    ["mon-fri 08:00-18:00 min four", "not of that form"],
    ["weekdays 08:00-18:00 min 4", '"weekdays" is no day'],
    ["mon-fri-sun 08:00-18:00 min 4", '"mon-fri-sun" is no day'],
    ["mon,, 08:00-18:00 min 4", '"" is no day'],
    ["mon 08:60-18:00 min 4", "no time 08:60"],
    ["mon 08:00-24:01 min 4", "no time 24:01"],
    ["mon 08:00-08:00 min 4", "hours are empty"],
    ["mon 24:00-08:00 min 4", "hours are empty"],
    ["mon 08:00-18:00 min 4 min 5", "min twice"],
    ["mon 08:00-18:00 min 4 max 3", "min is above its max"],
  ])("refuses %j and says why and how", (text, why) => {
    const read = () => parseSchedule(`daily 01:00-02:00 min 1; ${text}`);
    expect(read).toThrow(RangeError);
    expect(read).toThrow(why);
    expect(read).toThrow(`"${text}"`);
    expect(read).toThrow('Write entries like "mon-fri 08:00-18:00 min 4"');
    expect(isSchedule(text)).toBe(false);
  });
});

describe("holding", () => {
  it("counts its hours, to the minute, on its days", () => {
    expect(minutesOn("daily 00:00-24:00 min 1")).toBe(WEEK_MINUTES);
    expect(minutesOn("mon-fri 08:00-18:00 min 1")).toBe(5 * 600);
    expect(minutesOn("sat 23:59-24:00 min 1")).toBe(1);
  });

  it("runs past midnight, also from Sunday to Monday", () => {
    expect(minutesOn("daily 22:00-06:00 min 1")).toBe(7 * 480);
    expect(minutesOn("sun 22:00-06:00 min 1")).toBe(480);
    expect(holdsAt(one("sun 22:00-06:00 min 1"), 5 * HOUR_MS)).toBe(true);
    expect(holdsAt(one("sun 22:00-06:00 min 1"), 6 * HOUR_MS)).toBe(false);
  });

  it.each([
    ["2026-03-28T12:00Z", "daily 01:30-03:30 min 1", 60],
    ["2026-03-28T12:00Z", "daily 02:00-03:00 min 1", 0],
    ["2026-10-24T12:00Z", "daily 01:30-03:30 min 1", 180],
    ["2026-10-24T12:00Z", "daily 02:00-03:00 min 1", 120],
    ["2026-06-20T12:00Z", "daily 01:30-03:30 min 1", 120],
  ])("in the day from %s in Berlin %s holds for %i minutes of real time", (from, text, minutes) => {
    const start = Date.parse(from);
    const held = Array.from({ length: 24 * 60 }, (_, i) => start + i * MINUTE_MS).filter((at) =>
      holdsAt(one(text), timeOfWeekMs("Europe/Berlin", at)),
    );
    expect(held).toHaveLength(minutes);
  });
});
