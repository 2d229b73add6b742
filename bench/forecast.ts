/**
 * The product's own forecaster on real traffic, as rows that a scorer can read:
 *
 *   npx tsx bench/forecast.ts --origins FILE --traces DIR --out forecast.csv --timing timing.csv [--series a,b]
 *
 * Every row before an origin may be used and none at or after it: state is carried from origin to origin, and `update` is
 * handed only what lies between. The scorer asks for sums of 300 s (or of the series' own step), so the forecaster is
 * given those as its bins; what it does with the busiest minute of five, which the product feeds it, is the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensembleForecaster } from "../src/core/forecast/ensemble.ts";
import type { ForecastState } from "../src/core/forecast/state.ts";
import { MINUTE_MS } from "../src/core/time.ts";
import { readTrace } from "./trace.ts";

type Origins = {
  quantiles: number[];
  bands_minutes: Record<string, number[]>;
  series: {
    name: string;
    file: string;
    step_seconds: number;
    eval_step_seconds: number;
    origins: { index: number; time: string }[];
  }[];
};

const { values: flags } = parseArgs({
  options: {
    origins: { type: "string" },
    traces: { type: "string" },
    out: { type: "string", default: "forecast.csv" },
    timing: { type: "string", default: "timing.csv" },
    series: { type: "string" },
  },
});
if (!flags.origins || !flags.traces) {
  console.error("forecast: --origins FILE and --traces DIR are needed: what to forecast, and from what.");
  process.exit(2);
}
const { quantiles, bands_minutes, series }: Origins = JSON.parse(readFileSync(flags.origins, "utf8"));
const leadMinutes = Object.values(bands_minutes).flat();
const wanted = flags.series?.split(",");
const rows = [
  `series,origin,horizon_step,target_time,${quantiles.map((quantile) => `q${quantile}`).join(",")}`,
];
const timings = ["series,origin,seconds"];

for (const { name, file, step_seconds, eval_step_seconds, origins } of series) {
  if (wanted && !wanted.includes(name)) continue;
  const binMs = eval_step_seconds * 1_000;
  const trace = readTrace(join(flags.traces, file), step_seconds * 1_000, binMs);
  const { update, forecast } = ensembleForecaster("UTC", binMs);
  let state: ForecastState | null = null;
  for (const { index, time } of [...origins].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))) {
    const now = Date.parse(time);
    const from: number = state?.through ?? trace.start;
    const values = trace.values.slice((from - trace.start) / binMs, (now - trace.start) / binMs);
    const started = process.cpuUsage();
    state = update(state, { start: from, binMs, values }, [], now);
    const until = now + Math.max(...leadMinutes) * MINUTE_MS;
    const { load } = forecast(state, { from: now, until, quantiles });
    const { user, system } = process.cpuUsage(started);
    timings.push(`${name},${index},${(user + system) / 1e6}`);
    for (const minutes of leadMinutes) {
      const step = (minutes * MINUTE_MS) / binMs;
      if (!Number.isInteger(step)) continue;
      const target = new Date(now + (step - 1) * binMs).toISOString();
      rows.push([name, index, step, target, ...load.map((curve) => curve[step - 1])].join(","));
    }
  }
}
writeFileSync(flags.out, `${rows.join("\n")}\n`);
writeFileSync(flags.timing, `${timings.join("\n")}\n`);
