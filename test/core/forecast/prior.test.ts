/**
 * What a new region gains from its sisters on its first two days, and what it loses at most to one who lives by another
 * rhythm. Figures are pinball losses over those of the same pool alone.
 */
import { describe, expect, it } from "vitest";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import { STORED_QUANTILES } from "../../../src/core/forecast/forecast.ts";
import { panelOf } from "../../../src/core/forecast/panel.ts";
import { mayBorrow, mayLend, sisterRival } from "../../../src/core/forecast/prior.ts";
import { pinballOf } from "../../../src/core/forecast/rival.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../../src/core/time.ts";
import { timeOfWeekMs } from "../../../src/core/zone.ts";
import { createRandom } from "../../../src/sim/random.ts";

const BIN_MS = 5 * MINUTE_MS;
const START = Date.UTC(2026, 5, 1);
const BIRTH = START + 14 * DAY_MS;
const LEADS = [15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;

type Life = (at: Instant) => number;

/** An ordinary shop's day in a zone, ten times as busy at its height as at night, half of it at the weekend. */
const shop =
  (zone: string, peak: number): Life =>
  (at) => {
    const time = timeOfWeekMs(zone, at);
    const weekend = time >= 5 * DAY_MS ? 0.5 : 1;
    return (
      peak * weekend * (0.55 + 0.45 * Math.sin((2 * Math.PI * ((time % DAY_MS) - 8 * HOUR_MS)) / DAY_MS))
    );
  };
/** Batches: forty minutes in every three hours, nothing to speak of between. */
const batches: Life = (at) => (at % (3 * HOUR_MS) < 40 * MINUTE_MS ? 800 : 15);

function valuesOf(life: Life, seed: string, from: Instant, until: Instant): number[] {
  const random = createRandom(`${seed} ${from}`);
  return Array.from({ length: (until - from) / BIN_MS }, (_, i) => {
    return life(from + i * BIN_MS) * random.logNormal(1, 0.06);
  });
}

const grown = (life: Life, zone = "UTC"): ForecastState =>
  ensembleForecaster(zone).update(
    null,
    { start: START, binMs: BIN_MS, values: valuesOf(life, "sister", START, BIRTH) },
    [],
    BIRTH,
  );

/** Loss with the sister over loss without, at each lead, on the first and on the second day; a tick an hour. */
function lossRatios(life: Life, sister: ForecastState, zone = "UTC"): readonly (readonly number[])[] {
  const { update } = ensembleForecaster(zone);
  const values = valuesOf(life, "young", BIRTH, BIRTH + 4 * DAY_MS);
  const days = [0, 1].map(() => LEADS.map(() => ({ alone: 0, borrowed: 0 })));
  let own: ForecastState | null = null;
  for (let now = BIRTH + HOUR_MS; now < BIRTH + 2 * DAY_MS; now += HOUR_MS) {
    const since: Instant = own?.through ?? BIRTH;
    const known = values.slice((since - BIRTH) / BIN_MS, (now - BIRTH) / BIN_MS);
    own = update(own, { start: since, binMs: BIN_MS, values: known }, [], now);
    const rival = sisterRival(own, [{ region: "fra", state: sister }]);
    const panels = [panelOf(own, []), panelOf(own, rival === null ? [] : [rival])];
    LEADS.forEach((lead, i) => {
      const at = now + lead;
      const [alone, borrowed] = panels.map((panel) => {
        const { load } = panel.forecast({ from: at, until: at + BIN_MS, quantiles: STORED_QUANTILES });
        return pinballOf(
          load.map((curve) => curve[0]!),
          values[(at - BIRTH) / BIN_MS]!,
        );
      });
      const sum = days[Math.floor((now - BIRTH) / DAY_MS)]![i]!;
      sum.alone += alone!;
      sum.borrowed += borrowed!;
    });
  }
  return days.map((sums) => sums.map(({ alone, borrowed }) => borrowed / alone));
}

/** A state of so many hours. */
function young(life: Life, hours: number, zone = "UTC"): ForecastState {
  const until = BIRTH + hours * HOUR_MS;
  const values = valuesOf(life, "young", BIRTH, until);
  return ensembleForecaster(zone).update(null, { start: BIRTH, binMs: BIN_MS, values }, [], until);
}

describe("a sister who lives alike, eight times as large", () => {
  const sister = grown(shop("UTC", 1_600));

  it("on the first day at most 0.9 of the loss a quarter of an hour ahead, 0.4 beyond; less on the second", () => {
    const [first = [], second = []] = lossRatios(shop("UTC", 200), sister);
    expect(first[0]).toBeLessThan(0.9);
    for (const ratio of first.slice(1)) expect(ratio).toBeLessThan(0.4);
    for (const ratio of second) expect(ratio).toBeLessThan(1);
  });

  it("has no part any more when two days are over", () => {
    expect(sisterRival(young(shop("UTC", 200), 49), [{ region: "fra", state: sister }])).toBeNull();
  });

  it("is named in the reason and in the weights, which sum to one", () => {
    const own = young(shop("UTC", 200), 10);
    const rival = sisterRival(own, [{ region: "fra", state: sister }])!;
    const panel = panelOf(own, [rival]);
    const { reason } = panel.forecast({ from: own.through, until: own.through + HOUR_MS, quantiles: [0.5] });
    expect(reason).toMatch(/ % of it from sister region fra$/);
    const hour = panel.weights().filter(({ horizonMs }) => horizonMs === HOUR_MS);
    expect(hour.map(({ expert }) => expert)).toContain("sister region fra");
    expect(hour.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 2);
  });
});

it("borrows by the clock on the wall: Tokyo's nine o'clock is Berlin's", () => {
  const berlin = grown(shop("Europe/Berlin", 1_000), "Europe/Berlin");
  const [first = []] = lossRatios(shop("Asia/Tokyo", 300), berlin, "Asia/Tokyo");
  expect(first[2]).toBeLessThan(0.4);
});

describe("a sister of a wholly different pattern", () => {
  const sister = grown(batches);
  it.each<[string, Life]>([
    ["a daily one", shop("UTC", 200)],
    ["a flat one", () => 300],
    ["one at night when she is awake", (at) => shop("UTC", 200)(at + DAY_MS / 2)],
  ])("costs %s at most a quarter at any lead on the first day, and nothing on the second", (_, life) => {
    const [first = [], second = []] = lossRatios(life, sister);
    for (const ratio of first) expect(ratio).toBeLessThan(1.25);
    for (const ratio of second) expect(ratio).toBeLessThan(1.02);
  });

  it("loses to one who fits better", () => {
    const own = young(shop("UTC", 200), 12);
    const sisters = [
      { region: "iad", state: sister },
      { region: "fra", state: grown(shop("UTC", 900)) },
    ];
    expect(sisterRival(own, sisters)!.name).toBe("sister region fra");
  });
});

it.each([1e-2, 50])("a young pool %d times as large borrows that many times as much", (factor) => {
  const sister = { region: "fra", state: grown(shop("UTC", 1_600)) };
  const [one, many] = [young(shop("UTC", 200), 9), young(shop("UTC", 200 * factor), 9)];
  const at = one.through + 6 * HOUR_MS;
  const [small, large] = [one, many].map((own) => sisterRival(own, [sister])!);
  for (const quantile of STORED_QUANTILES)
    expect((large!.rootAt(at, quantile) / small!.rootAt(at, quantile)) ** 3 / factor).toBeCloseTo(1, 3);
  large!.shares.forEach((share, lead) => {
    expect(share).toBeCloseTo(small!.shares[lead]!, 3);
  });
});

describe("who may", () => {
  it("borrow: no state, or less than two days; lend: a week", () => {
    expect([mayBorrow(null), mayLend(null)]).toEqual([true, false]);
    const ages = [1, 47, 49, 24 * 6, 24 * 8].map((hours) => young(() => 100, hours));
    expect(ages.map(mayBorrow)).toEqual([true, true, false, false, false]);
    expect(ages.map(mayLend)).toEqual([false, false, false, false, true]);
  });

  it("nobody from no one: no sister, one who stood still, a pool without traffic, the first hour", () => {
    const sister = { region: "fra", state: grown(shop("UTC", 900)) };
    const still = { region: "iad", state: grown(() => 0) };
    const own = young(shop("UTC", 200), 6);
    expect(sisterRival(own, [])).toBeNull();
    expect(sisterRival(own, [still])).toBeNull();
    expect(
      sisterRival(
        young(() => 0, 6),
        [sister],
      ),
    ).toBeNull();
    expect(sisterRival(young(shop("UTC", 200), 0.9), [sister])).toBeNull();
  });

  it("a pool with gaps borrows from what there is", () => {
    const until = BIRTH + 12 * HOUR_MS;
    const values = valuesOf(shop("UTC", 200), "young", BIRTH, until).map((value, i) =>
      i % 12 < 5 ? Number.NaN : value,
    );
    const own = ensembleForecaster("UTC").update(null, { start: BIRTH, binMs: BIN_MS, values }, [], until);
    const rival = sisterRival(own, [{ region: "fra", state: grown(shop("UTC", 900)) }])!;
    expect(Number.isFinite(rival.rootAt(until + HOUR_MS, 0.95))).toBe(true);
  });
});
