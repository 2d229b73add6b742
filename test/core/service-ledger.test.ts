import { describe, expect, it } from "vitest";
import { believe, book, freshLedger } from "../../src/core/service-ledger.ts";
import { DAY_MS, MINUTE_MS } from "../../src/core/time.ts";
import { minutesFrom, NOW } from "./examples.ts";

const PROMISE = 0.01;
const twoServing = freshLedger(NOW, { serving: 2, bootingUntil: [] });
const booked = (minutes: number, load: (i: number) => number, ledger = twoServing) =>
  book(
    ledger,
    minutesFrom(NOW, minutes, (_, i) => load(i)),
    100,
    PROMISE,
    NOW + minutes * MINUTE_MS,
  );

describe("booking", () => {
  it("counts a minute as short where its load is above what served in it", () => {
    const { minutes, short } = booked(10, (i) => (i < 3 ? 201 : 200));
    expect(minutes).toBeCloseTo(10, 1);
    expect(short).toBeCloseTo(3, 1);
  });

  it("counts a booting machine from the minute in which it serves", () => {
    const booting = { ...twoServing, fleet: { serving: 2, bootingUntil: [NOW + 4 * MINUTE_MS] } };
    expect(booked(10, () => 250, booting).short).toBeCloseTo(4, 1);
  });

  it("books no minute twice, none that is not over, and no gap", () => {
    const once = booked(10, () => 300);
    expect(booked(10, () => 300, once)).toEqual(once);
    const early = book(
      twoServing,
      minutesFrom(NOW, 10, () => 300),
      100,
      PROMISE,
      NOW + 90_000,
    );
    expect(early.through).toBe(NOW + MINUTE_MS);
    expect(booked(10, () => Number.NaN)).toMatchObject({
      minutes: 0,
      short: 0,
      through: NOW + 10 * MINUTE_MS,
    });
  });

  it("is the same in one call or in many", () => {
    let steps = twoServing;
    const load = (i: number) => (i % 7 === 0 ? 300 : 100);
    for (let minutes = 1; minutes <= 60; minutes++) steps = booked(minutes, load, steps);
    expect(steps.balance).toBeCloseTo(booked(60, load).balance, 9);
  });
});

describe("believing", () => {
  it("takes the promise at its word without books", () => {
    expect(believe(null, PROMISE).risk).toBe(PROMISE);
  });

  it("dares more while the promise is over-kept, and less once it is overdrawn", () => {
    const kept = believe(
      booked(3 * 1_440, () => 100),
      PROMISE,
    );
    const overdrawn = believe(
      booked(1_440, (i) => (i < 60 ? 300 : 100)),
      PROMISE,
    );
    expect(kept.risk).toBeGreaterThan(2 * PROMISE);
    expect(overdrawn.risk).toBeLessThan(PROMISE / 5);
    expect(kept.doubt).toBeLessThan(0.05);
    expect(overdrawn.doubt).toBe(1);
  });

  it("forgives within weeks: an old burst is no reason to waste machines for ever", () => {
    const burst = booked(1_440, (i) => (i < 60 ? 300 : 100));
    const later = book(
      burst,
      minutesFrom(NOW + DAY_MS, 21 * 1_440, () => 100),
      100,
      PROMISE,
      NOW + 22 * DAY_MS,
    );
    expect(believe(later, PROMISE).risk).toBeGreaterThan(PROMISE);
  });

  it("stays a chance, whatever happened", () => {
    for (const load of [0, 1e9]) {
      const { risk, doubt } = believe(
        booked(20_000, () => load),
        0.2,
      );
      expect(risk).toBeGreaterThan(0);
      expect(risk).toBeLessThanOrEqual(0.5);
      expect(doubt).toBeGreaterThanOrEqual(0);
      expect(doubt).toBeLessThanOrEqual(1);
    }
  });
});
