/**
 * Does 0.95 mean nineteen of twenty? On independent errors, where theory promises it, and on real traces (where they are at hand).
 * The verdict is a binomial test at 1 %: how likely were so few, or so many, if the promise were kept.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readTrace } from "../../../bench/trace.ts";
import { ensembleForecaster } from "../../../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../../../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { createRandom } from "../../../src/sim/random.ts";
import { binomialP } from "../../support/binomial.ts";

const LEVEL = 0.01;
const QUANTILES = [0.1, 0.5, 0.9, 0.95, 0.99] as const;

describe("the binomial test", () => {
  // R: binom.test(x, n, p)$p.value
  it.each([
    [682, 925, 0.75, 0.3824915596],
    [90, 100, 0.95, 0.03410882338],
    [100, 100, 0.95, 0.01019471169],
    [7, 20, 0.3, 0.6294979667],
    [0, 5, 0.95, 3.125e-7],
  ])("of %d in %d at %d has R's p-value %d", (hits, count, share, p) => {
    expect(Math.abs(binomialP(hits, count, share) / p - 1)).toBeLessThan(1e-6);
  });
});

describe("independent errors around a day's shape", () => {
  const BIN_MS = 15 * MINUTE_MS;
  const START = Date.UTC(2026, 5, 1);
  const random = createRandom("independent");
  const values = Array.from({ length: (90 * DAY_MS) / BIN_MS }, (_, i) =>
    random.logNormal(500 + 400 * Math.sin((2 * Math.PI * i * BIN_MS) / DAY_MS), 0.2),
  );

  it.each([
    ["15 minutes", BIN_MS],
    ["6 hours", 6 * HOUR_MS],
    ["a day", DAY_MS],
  ])("%s ahead each quantile is covered as often as it says", (_name, aheadMs) => {
    const { update, forecast } = ensembleForecaster("UTC", BIN_MS);
    const ahead = aheadMs / BIN_MS;
    const known = (28 * DAY_MS) / BIN_MS;
    let state = update(
      null,
      { start: START, binMs: BIN_MS, values: values.slice(0, known) },
      [],
      START + known * BIN_MS,
    );
    const under = QUANTILES.map(() => 0);
    let count = 0;
    // Every seventh bin, so that all times of day are met.
    for (let at = known; at + ahead <= values.length; at += 7, count++) {
      const from = START + (at + ahead - 1) * BIN_MS;
      const { load } = forecast(state, { from, until: from + BIN_MS, quantiles: QUANTILES });
      load.forEach((curve, q) => {
        under[q]! += values[at + ahead - 1]! <= curve[0]! ? 1 : 0;
      });
      const next = values.slice(at, at + 7);
      state = update(
        state,
        { start: state.through, binMs: BIN_MS, values: next },
        [],
        state.through + 7 * BIN_MS,
      );
    }
    QUANTILES.forEach((quantile, q) => {
      expect(binomialP(under[q]!, count, quantile), `q${quantile}: ${under[q]} of ${count}`).toBeGreaterThan(
        LEVEL,
      );
    });
  });
});

type Origins = {
  series: {
    name: string;
    file: string;
    step_seconds: number;
    eval_step_seconds: number;
    origins: { time: string }[];
  }[];
};

const SHARED = fileURLToPath(new URL("../../../../shared/", import.meta.url));
const ORIGINS = join(SHARED, "scoring/forecast/origins.dev.json");
const LEADS_MS = { "15 min": 15 * MINUTE_MS, "1 h": HOUR_MS, "6 h": 6 * HOUR_MS, "24 h": DAY_MS } as const;
/** Share of targets that are zero beyond which q0.95 says little: it is covered where it is zero too. */
const MOSTLY_ZERO = 0.5;

describe.skipIf(!existsSync(ORIGINS))("real traces, one target an origin", () => {
  const { series }: Origins = existsSync(ORIGINS)
    ? JSON.parse(readFileSync(ORIGINS, "utf8"))
    : { series: [] };

  function countsOf({ file, step_seconds, eval_step_seconds, origins }: Origins["series"][number]) {
    const binMs = eval_step_seconds * 1_000;
    const { start, values } = readTrace(join(SHARED, "traces", file), step_seconds * 1_000, binMs);
    const { update, forecast } = ensembleForecaster("UTC", binMs);
    const counts = Object.values(LEADS_MS).map(() => ({ under: 0, zero: 0, count: 0 }));
    let state: ForecastState | null = null;
    for (const now of origins.map(({ time }) => Date.parse(time)).sort((a, b) => a - b)) {
      const from: number = state?.through ?? start;
      const known = values.slice((from - start) / binMs, (now - start) / binMs);
      state = update(state, { start: from, binMs, values: known }, [], now);
      Object.values(LEADS_MS).forEach((leadMs, lead) => {
        const target = now + leadMs - binMs;
        const actual = values[(target - start) / binMs] ?? Number.NaN;
        if (Number.isNaN(actual)) return;
        const { load } = forecast(state!, { from: target, until: target + binMs, quantiles: [0.95] });
        const tally = counts[lead]!;
        tally.count += 1;
        tally.under += actual <= load[0]![0]! ? 1 : 0;
        tally.zero += actual === 0 ? 1 : 0;
      });
    }
    return counts;
  }

  // Of some seventy tests at 1 % about one refuses by chance and up to three easily; one more is refused today, all of series
  // whose origins are not independent. The number is there so that it does not grow.
  it("are covered by q0.95 within 0.93 and 0.97, pooled, and no more series are refused than today", () => {
    const all = series.map((one) => ({ name: one.name, counts: countsOf(one) }));
    const refused: string[] = [];
    Object.keys(LEADS_MS).forEach((lead, l) => {
      const judged = all.map(({ name, counts }) => ({ name, ...counts[l]! }));
      const sum = (pick: (one: (typeof judged)[number]) => number) =>
        judged.reduce((total, one) => total + pick(one), 0);
      const pooled = sum(({ under }) => under) / sum(({ count }) => count);
      expect(pooled, lead).toBeGreaterThan(0.93);
      expect(pooled, lead).toBeLessThan(0.97);
      for (const { name, under, zero, count } of judged) {
        const p = binomialP(under, count, 0.95);
        if (zero <= MOSTLY_ZERO * count && p < LEVEL)
          refused.push(`${name}, ${lead}: ${under} of ${count}, p ${p}`);
      }
    });
    expect(refused.length, refused.join("; ")).toBeLessThanOrEqual(4);
  });
});
