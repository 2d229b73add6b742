// Bins of a minute: what is left of a state that was stored. That wider bins are kept whole is codec.test.ts's.
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "../../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { rootAt, trackAt } from "../../../src/core/forecast/memory.ts";
import { usualRoot } from "../../../src/core/forecast/profile.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";

const START = Date.UTC(2026, 5, 1);
const QUANTILES = [0.1, 0.5, 0.9, 0.95, 0.99];
const { update, forecast } = ensembleForecaster("UTC", MINUTE_MS);
const stored = (state: ForecastState) => JSON.parse(JSON.stringify(encodeState(state)));
const slept = (state: ForecastState) => decodeState(stored(state))!;

/** A shop with weekends, and a job that runs at four past each hour. */
function minutes(days: number, from = 0): number[] {
  const random = createRandom("minutes");
  const all = Array.from({ length: days * 1_440 }, (_, i) => {
    const weekend = Math.floor(i / 1_440) % 7 >= 5 ? 0.5 : 1;
    const shop = weekend * 300 * (1.3 + Math.sin((2 * Math.PI * (i - 540)) / 1_440));
    return random.poisson(shop + (i % 60 === 4 ? 400 : 0));
  });
  return all.slice(from);
}

function learn(state: ForecastState | null, values: readonly number[], from: Instant): ForecastState {
  return update(state, { start: from, binMs: MINUTE_MS, values }, [], from + values.length * MINUTE_MS);
}

const week = learn(null, minutes(9), START);

describe("a state of minutes that was stored", () => {
  it("is thinned once: stored again it is the same text", () => {
    const once = stored(week);
    const back = decodeState(once)!;
    const again = stored(back);
    expect(again.hot).toEqual(once.hot);
    expect(again.cold.counts).toEqual(once.cold.counts);
    expect(again.cold.fine).toEqual(once.cold.fine);
    const [one, other] = [back, slept(back)];
    week.memory.tracks.forEach((_, track) => {
      for (const age of [0, 1, 29, 60, 600, 1_400]) {
        const bin = week.memory.last - age;
        const [a, b] = [one, other].map(({ memory }) => trackAt(memory, track, bin));
        expect(Math.abs(a! - b!), `track ${track}, ${age} minutes ago`).toBeLessThan(1e-3);
      }
    });
  });

  it("has the last half hour to the minute, five minutes of last week in one", () => {
    const back = slept(week);
    const { last } = week.memory;
    for (let age = 0; age < 30; age++)
      expect(rootAt(back.memory, last - age)).toBeCloseTo(rootAt(week.memory, last - age), 2);
    const first = 5 * Math.ceil((last - 10_000) / 5);
    const five = [0, 1, 2, 3, 4].map((i) => rootAt(week.memory, first + i));
    const mean = five.reduce((sum, root) => sum + root, 0) / 5;
    for (let i = 0; i < 5; i++) expect(rootAt(back.memory, first + i)).toBeCloseTo(mean, 2);
  });

  it("has the day minute by minute: the job at four past is not smoothed away, and weekends stay quiet", () => {
    const back = slept(week);
    for (let slot = 0; slot < 7 * 1_440; slot += 7) {
      const [kept, was] = [usualRoot(back.profile, slot), usualRoot(week.profile, slot)];
      expect(Math.abs(kept / was - 1)).toBeLessThan(0.12);
    }
    const job = (day: number) =>
      usualRoot(back.profile, day * 1_440 + 604) / usualRoot(back.profile, day * 1_440 + 620);
    expect(job(1)).toBeGreaterThan(1.1);
  });

  it("holds what leads of a day ask for: no running mean is nothing where it was something", () => {
    const back = slept(week);
    week.memory.tracks.forEach((_, track) => {
      const oldest = week.memory.last + 1 - 1_440;
      const was = trackAt(week.memory, track, oldest);
      if (Math.abs(was) > 0.05) expect(trackAt(back.memory, track, oldest)).not.toBe(0);
    });
  });

  it("keeps gaps: an hour of them long ago, and the last minutes", () => {
    const values = minutes(4).map((load, i) => ((i >= 1_500 && i < 1_560) || i >= 5_740 ? Number.NaN : load));
    const back = slept(learn(null, values, START));
    const at = (minute: number) => rootAt(back.memory, START / MINUTE_MS + minute);
    expect([at(1_490), at(1_530), at(1_570), at(5_739), at(5_740)].map(Number.isNaN)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it("has not seen the minutes to come of its first day", () => {
    const back = slept(learn(null, minutes(1).slice(0, 602), START));
    const seen = (slot: number) =>
      [back.profile.dayCount, back.profile.kindCount, back.profile.weekCount].map((of) => of[slot]);
    expect([seen(599), seen(603)]).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ]);
    expect(usualRoot(back.profile, 603)).toBeGreaterThan(1);
  });
});

it("costs little: stored every hour for a day, forecasts lose within a tenth of what they lose in memory", () => {
  const all = minutes(11);
  let [plain, kept] = [week, week];
  const losses = new Map<string, number>();
  for (let i = 9 * 1_440; i < 10 * 1_440; i += 15) {
    const now = START + i * MINUTE_MS;
    if (now % HOUR_MS === 0) kept = slept(kept);
    for (const ahead of [5, 60, 1_440 - 15]) {
      const window = {
        from: now + (ahead - 1) * MINUTE_MS,
        until: now + ahead * MINUTE_MS,
        quantiles: QUANTILES,
      };
      for (const [name, state] of [
        ["plain", plain],
        ["kept", kept],
      ] as const) {
        const load = forecast(state, window).load.map((curve) => curve[0]!);
        const lost = QUANTILES.reduce((sum, quantile, q) => {
          const miss = all[i + ahead - 1]! - load[q]!;
          return sum + (miss >= 0 ? miss * quantile : -miss * (1 - quantile));
        }, 0);
        losses.set(`${name} ${ahead}`, (losses.get(`${name} ${ahead}`) ?? 0) + lost);
      }
    }
    const next = all.slice(i, i + 15);
    [plain, kept] = [learn(plain, next, now), learn(kept, next, now)];
  }
  for (const ahead of [5, 60, 1_440 - 15])
    expect(
      losses.get(`kept ${ahead}`)! / losses.get(`plain ${ahead}`)!,
      `${ahead} minutes ahead`,
    ).toBeLessThan(1.1);
  expect(kept.through).toBe(START + 10 * DAY_MS);
});
