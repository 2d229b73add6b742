/** Our forecaster's part of bench/forecast-speed.ts: printed as JSON, run by Deno 2.1.4 as in production. */
import * as codec from "../../src/core/forecast/codec.ts";
import { ensembleForecaster } from "../../src/core/forecast/ensemble.ts";
import { STORED_QUANTILES } from "../../src/core/forecast/forecast.ts";
import type { ForecastState } from "../../src/core/forecast/state.ts";
import { BIN_MS, DAYS, HORIZON_MS, START, traffic } from "./traffic.ts";

const TICKS = 300;
const WARM = 100;
/** Pools that are held at once to see what they weigh. */
const POOLS = 1_000;

const values = traffic(DAYS * 288 + TICKS);
const history = values.slice(0, DAYS * 288);
const now = START + history.length * BIN_MS;
const { update, forecast } = ensembleForecaster("Europe/Berlin");

const build = () => update(null, { start: START, binMs: BIN_MS, values: history }, [], now);
const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1]!;
function timed<T>(times: number[], work: () => T): T {
  const start = performance.now();
  const answer = work();
  times.push(performance.now() - start);
  return answer;
}

const builds: number[] = [];
for (let i = 0; i < 9; i++) timed(builds, build);
const firstBuild = builds[0]!;

const times = {
  read: [] as number[],
  update: [] as number[],
  forecast: [] as number[],
  write: [] as number[],
  all: [] as number[],
};
let state: ForecastState = build();
let cold = JSON.stringify(codec.encodeCold(state));
let hot = JSON.stringify(codec.encodeHot(state));
for (let tick = 0; tick < TICKS; tick++) {
  const at = now + (tick + 1) * BIN_MS;
  timed(times.all, () => {
    // As a tick does: the state comes as text, what is new is learned, the answer given, the state put down again.
    const read = timed(
      times.read,
      () => codec.decodeState({ hot: JSON.parse(hot), cold: JSON.parse(cold) })!,
    );
    const series = {
      start: read.through,
      binMs: BIN_MS,
      values: values.slice((read.through - START) / BIN_MS, history.length + tick + 1),
    };
    state = timed(times.update, () => update(read, series, [], at));
    timed(times.forecast, () =>
      forecast(state, { from: at, until: at + HORIZON_MS, quantiles: STORED_QUANTILES }),
    );
    timed(times.write, () => {
      hot = JSON.stringify(codec.encodeHot(state));
      if (tick % 12 === 0) cold = JSON.stringify(codec.encodeCold(state));
    });
  });
}

const before = memory();
const held: ForecastState[] = [];
for (let i = 0; i < POOLS; i++)
  held.push(update(state, { start: state.through, binMs: BIN_MS, values: [] }, [], state.through));
const heldMb = (memory() - before) / 1_048_576;

console.log(
  JSON.stringify({
    runtime: "Deno" in globalThis ? "Deno" : "Node",
    readMs: median(times.read.slice(WARM)),
    updateMs: median(times.update.slice(WARM)),
    forecastMs: median(times.forecast.slice(WARM)),
    writeMs: median(times.write.slice(WARM)),
    tickMs: median(times.all.slice(WARM)),
    firstBuildMs: firstBuild,
    buildMs: median(builds.slice(2)),
    hotBytes: hot.length,
    coldBytes: cold.length,
    poolsHeld: held.length,
    heldMb,
  }),
);

function memory(): number {
  const deno = (globalThis as { Deno?: { memoryUsage(): { rss: number } } }).Deno;
  return deno === undefined ? process.memoryUsage().rss : deno.memoryUsage().rss;
}
