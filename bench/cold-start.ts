/**
 * What two days of history are worth:
 *
 *   npx tsx bench/cold-start.ts --traces DIR [--series a,b]
 *
 * Each large web service's trace is cut to its first three days; forecasts are made at every bin of the third and scored
 * on it. MASE: mean absolute error of the median over that of "the same time yesterday" on the same bins.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensembleForecaster } from "../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../src/core/forecast/state.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../src/core/time.ts";
import { readTrace } from "./trace.ts";

const BANDS: Readonly<Record<string, readonly number[]>> = { "15 min": [5, 10, 15], "1 h": [30, 45, 60] };

const { values: flags } = parseArgs({ options: { traces: { type: "string" }, series: { type: "string" } } });
if (!flags.traces) {
  console.error("cold-start: --traces DIR is needed: the folder of the traces.");
  process.exit(2);
}
const wanted = flags.series?.split(",");
const files = readdirSync(flags.traces).filter((file) =>
  wanted ? wanted.some((name) => file.startsWith(name)) : file.includes("websvc"),
);
const ratios = Object.keys(BANDS).map(() => [] as number[]);
console.log(`| series | ${Object.keys(BANDS).join(" | ")} |\n| --- | --- | --- |`);
for (const file of files) {
  const cells = thirdDay(file);
  cells.forEach((ratio, band) => {
    ratios[band]!.push(ratio);
  });
  console.log(
    `| ${file.replace(/_\d+s\.csv$/, "")} | ${cells.map((ratio) => ratio.toFixed(3)).join(" | ")} |`,
  );
}
console.log(
  `| mean | ${ratios.map((all) => (all.reduce((a, b) => a + b, 0) / all.length).toFixed(3)).join(" | ")} |`,
);

function thirdDay(file: string): number[] {
  const stepMs = Number(/_(\d+)s\.csv$/.exec(file)![1]) * 1_000;
  const binMs = Math.max(stepMs, 5 * MINUTE_MS);
  const trace = readTrace(join(flags.traces!, file), stepMs, binMs);
  const { update, forecast } = ensembleForecaster("UTC", binMs);
  const perDay = DAY_MS / binMs;
  const sums = Object.keys(BANDS).map(() => ({ ours: 0, naive: 0 }));
  let state: ForecastState | null = null;
  for (let i = 2 * perDay; i < 3 * perDay; i++) {
    const now = trace.start + i * binMs;
    const from: number = state?.through ?? trace.start;
    const values = trace.values.slice((from - trace.start) / binMs, i);
    state = update(state, { start: from, binMs, values }, [], now);
    const [median] = forecast(state, { from: now, until: now + HOUR_MS, quantiles: [0.5] }).load;
    Object.values(BANDS).forEach((leads, band) => {
      for (const minutes of leads) {
        const ahead = (minutes * MINUTE_MS) / binMs - 1;
        const [actual, before] = [trace.values[i + ahead]!, trace.values[i + ahead - perDay]!];
        if (!Number.isInteger(ahead) || i + ahead >= 3 * perDay || Number.isNaN(actual + before)) continue;
        sums[band]!.ours += Math.abs(actual - median![ahead]!);
        sums[band]!.naive += Math.abs(actual - before);
      }
    });
  }
  return sums.map(({ ours, naive }) => ours / naive);
}
