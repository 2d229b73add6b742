/**
 * How honest the first day is:
 *
 *   npx tsx bench/first-day.ts --traces DIR
 *
 * Each trace is begun anew at four hours of three days, and forecast at every lead while its first day is learned: how many of
 * the loads that came stayed under q0.95, and the mean pinball loss as a share of the load so far.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensembleForecaster } from "../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../src/core/time.ts";
import { readTrace } from "./trace.ts";

const QUANTILES = [0.05, 0.1, 0.5, 0.9, 0.95, 0.99] as const;
const Q95 = 4;
const LEADS: Readonly<Record<string, number>> = {
  "15 min": 15 * MINUTE_MS,
  "1 h": HOUR_MS,
  "6 h": 6 * HOUR_MS,
  "18 h": 18 * HOUR_MS,
  "24 h": DAY_MS,
};
const AGES: Readonly<Record<string, number>> = {
  "up to an hour": HOUR_MS,
  "up to six": 6 * HOUR_MS,
  "up to twelve": 12 * HOUR_MS,
  "up to a day": DAY_MS,
};
/** One forecast that missed by a thousand times must not be the mean. */
const MOST_LOST = 20;

const { values: flags } = parseArgs({ options: { traces: { type: "string" } } });
if (!flags.traces) {
  console.error("first-day: --traces DIR is needed: the folder of the traces.");
  process.exit(2);
}
type Tally = { asked: number; under: number; lost: number };
const tallies = new Map<string, Tally>();
for (const file of readdirSync(flags.traces).filter((name) => /_\d+s\.csv$/.test(name))) firstDays(file);
console.log(`| measured so far | ${Object.keys(LEADS).join(" | ")} |\n| --- | --- | --- | --- | --- | --- |`);
for (const age of Object.keys(AGES)) {
  const cells = Object.keys(LEADS).map((lead) => {
    const { asked, under, lost } = tallies.get(`${age} ${lead}`)!;
    return `${(under / asked).toFixed(2)} (${(lost / asked).toFixed(3)})`;
  });
  console.log(`| ${age} | ${cells.join(" | ")} |`);
}

function firstDays(file: string): void {
  const stepMs = Number(/_(\d+)s\.csv$/.exec(file)![1]) * 1_000;
  const binMs = Math.max(stepMs, 5 * MINUTE_MS);
  const { start, values } = readTrace(join(flags.traces!, file), stepMs, binMs);
  const perDay = DAY_MS / binMs;
  const first = values.findIndex((value) => value > 0);
  for (let quarter = 0; quarter < 12; quarter++) {
    const skip = first + Math.floor((quarter * perDay) / 4);
    firstDay(values.slice(skip), start + skip * binMs, binMs);
  }
}

/** Looks after each of the first twelve bins, then every half hour. */
function firstDay(values: readonly number[], start: number, binMs: number): void {
  const { update } = ensembleForecaster("UTC", binMs);
  const later = Math.max(1, Math.round((30 * MINUTE_MS) / binMs));
  let state: ForecastState | null = null;
  let seen = 0;
  let sum = 0;
  for (let bins = 1; bins <= DAY_MS / binMs; bins += bins < 12 ? 1 : later) {
    const from: number = state?.through ?? start;
    const known = values.slice((from - start) / binMs, bins);
    state = update(state, { start: from, binMs, values: known }, [], start + bins * binMs);
    for (; seen < bins; seen++) sum += values[seen] || 0;
    judge(state, values, start, bins, 1 + sum / bins);
  }
}

function judge(
  state: ForecastState,
  values: readonly number[],
  start: number,
  bins: number,
  level: number,
): void {
  const { binMs } = state;
  const [age] = Object.entries(AGES).find(([, ageMs]) => bins * binMs <= ageMs)!;
  for (const [lead, leadMs] of Object.entries(LEADS)) {
    const target = bins + Math.max(1, Math.round(leadMs / binMs)) - 1;
    const came = values[target];
    if (came === undefined || Number.isNaN(came)) continue;
    const from = start + target * binMs;
    const { load } = ensembleForecaster("UTC", binMs).forecast(state, {
      from,
      until: from + binMs,
      quantiles: QUANTILES,
    });
    const lost = QUANTILES.reduce((total, quantile, q) => {
      const miss = came - load[q]![0]!;
      return total + (miss >= 0 ? miss * quantile : -miss * (1 - quantile));
    }, 0);
    const tally = tallies.get(`${age} ${lead}`) ?? { asked: 0, under: 0, lost: 0 };
    tallies.set(`${age} ${lead}`, tally);
    tally.asked += 1;
    tally.under += came <= load[Q95]![0]! ? 1 : 0;
    tally.lost += Math.min(MOST_LOST, lost / level);
  }
}
