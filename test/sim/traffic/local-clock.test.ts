import { describe, expect, it } from "vitest";
import { localClock, zoneOffset } from "../../../src/sim/traffic/local-clock.ts";
import { dailyShape, weeklyShape } from "../../../src/sim/traffic/shapes.ts";

const at = (zone: string, iso: string) => localClock(zone)(Date.parse(iso));

describe("localClock", () => {
  it("skips an hour in spring and repeats one in autumn", () => {
    expect(at("Europe/Berlin", "2026-03-29T00:59:00Z")).toEqual({ minuteOfDay: 119, weekday: 0 });
    expect(at("Europe/Berlin", "2026-03-29T01:00:00Z")).toEqual({ minuteOfDay: 180, weekday: 0 });
    expect(at("Europe/Berlin", "2026-10-25T00:30:00Z")).toEqual({ minuteOfDay: 150, weekday: 0 });
    expect(at("Europe/Berlin", "2026-10-25T01:30:00Z")).toEqual({ minuteOfDay: 150, weekday: 0 });
  });

  it("knows half hours, shifts of half an hour, and the other side of the date line", () => {
    expect(at("Asia/Kolkata", "2026-01-01T00:00:00Z").minuteOfDay).toBe(330);
    expect(at("Australia/Lord_Howe", "2026-04-04T14:59:00Z").minuteOfDay).toBe(119);
    expect(at("Australia/Lord_Howe", "2026-04-04T15:00:00Z").minuteOfDay).toBe(90);
    expect(at("Pacific/Auckland", "2026-01-03T12:00:00Z").weekday).toBe(0);
    expect(zoneOffset("America/New_York")(Date.parse("1995-07-01T04:00:00.500Z"))).toBe(-4 * 3_600_000);
  });
});

describe("the shapes", () => {
  it("peak at 1 in the evening and are quiet before dawn", () => {
    const day = Array.from({ length: 1440 }, (_, minuteOfDay) => dailyShape({ minuteOfDay, weekday: 1 }));
    expect(Math.max(...day)).toBeCloseTo(1, 12);
    expect(Math.abs(day.indexOf(Math.max(...day)) - 20 * 60)).toBeLessThan(30);
    expect(day[4 * 60]!).toBeLessThan(0.2);
  });

  it("never step by more than one part in a hundred a minute, over midnight and over the week's end", () => {
    let before =
      dailyShape({ minuteOfDay: 1439, weekday: 6 }) * weeklyShape({ minuteOfDay: 1439, weekday: 6 });
    for (let weekday = 0; weekday < 7; weekday++) {
      for (let minuteOfDay = 0; minuteOfDay < 1440; minuteOfDay++) {
        const now = dailyShape({ minuteOfDay, weekday }) * weeklyShape({ minuteOfDay, weekday });
        expect(Math.abs(now - before)).toBeLessThan(0.01);
        before = now;
      }
    }
  });
});
