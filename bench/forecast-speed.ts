/**
 * What a forecast costs: ours in a fresh Deno 2.1.4 process, state read and written at every tick; beside it, in the same run,
 * what a public tool takes for the same 48 hours of 5-minute bins from the same 28 days: MSTL with ETS (augurs), SARIMA
 * (npm arima), and R's forecast::stlf where R is installed. They start from the series each time, as they must; we carry on.
 * About half a minute.
 *
 * npm run bench:forecast-speed
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { denoBinary } from "../src/local/deno-binary.ts";
import { textTable } from "../src/local/text-table.ts";
import { BIN_MS, DAYS, HORIZON_MS, traffic } from "./forecast-speed/traffic.ts";
import { median, ms } from "./support/measure.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const ROUNDS = 5;
const STEPS = HORIZON_MS / BIN_MS;
const series = traffic(DAYS * 288);

type Ours = Record<
  | "readMs"
  | "updateMs"
  | "forecastMs"
  | "writeMs"
  | "tickMs"
  | "firstBuildMs"
  | "buildMs"
  | "hotBytes"
  | "coldBytes"
  | "poolsHeld"
  | "heldMb",
  number
> & { runtime: string };

async function ours(): Promise<Ours> {
  const script = fileURLToPath(new URL("forecast-speed/ours.ts", import.meta.url));
  const { stdout } = await run(denoBinary(), [
    "run",
    "--cached-only",
    "--no-prompt",
    "--allow-sys",
    "--allow-read",
    script,
  ]);
  return JSON.parse(stdout) as Ours;
}

function timesOf(work: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return median(times);
}

async function augurs(): Promise<number> {
  const { default: init, MSTL } = await import("@bsull/augurs/mstl");
  await init({
    module_or_path: await readFile(require.resolve("@bsull/augurs/mstl").replace(/\.js$/, "_bg.wasm")),
  });
  return timesOf(() => {
    const model = MSTL.ets([288, 2016]);
    model.fit(series);
    model.predict(STEPS, 0.9);
    model.free();
  });
}

function arima(): number {
  const Arima = require("arima") as new (
    options: Record<string, unknown>,
  ) => { train(y: number[]): { predict(steps: number): unknown } };
  return timesOf(
    () =>
      void new Arima({ p: 2, d: 0, q: 1, P: 0, D: 1, Q: 0, s: 288, verbose: false })
        .train(series)
        .predict(STEPS),
  );
}

/**
 * STL with ETS by R's forecast package: the daily season alone, as stlf takes one. Says why where it cannot be run.
 * The series comes as a file: as an argument it would be cut off.
 */
async function stlf(): Promise<{ ms: number; version: string } | string> {
  const script = `suppressMessages(library(forecast)); y <- ts(scan(file("stdin"), quiet = TRUE), frequency = 288)
    t <- sapply(1:${ROUNDS}, function(i) system.time(stlf(y, h = ${STEPS}))["elapsed"])
    cat(1000 * median(t), as.character(packageVersion("forecast")), as.character(getRversion()))`;
  const running = run("Rscript", ["-e", script]);
  running.child.stdin?.on("error", () => {}).end(series.join("\n"));
  try {
    const [elapsed = "", forecast = "", r = ""] = (await running).stdout.trim().split(" ");
    return { ms: Number(elapsed), version: `forecast ${forecast}, R ${r}` };
  } catch (error) {
    const isAbsent = (error as { code?: unknown }).code === "ENOENT";
    return isAbsent ? "skipped: Rscript is not on the path" : `skipped: ${firstLine(error)}`;
  }
}

function firstLine(error: unknown): string {
  const { stderr = "", message = "" } = error as { stderr?: string; message?: string };
  return (stderr || message).trim().split("\n")[0]!;
}

const mine = await ours();
const r = await stlf();
const peers: (readonly [string, number | string])[] = [
  ["augurs MSTL + ETS, periods 288 and 2016", await augurs()],
  ["npm arima, SARIMA (2,0,1)(0,1,0) 288", arima()],
  typeof r === "string" ? ["R forecast::stlf", r] : [`R forecast::stlf (${r.version})`, r.ms],
];
const goal = (value: number, most: number) => (value <= most ? "ok" : "over");
console.log(`ours, ${mine.runtime} (fresh process), median of 200 ticks\n`);
console.log(
  textTable(
    ["what", "ms", "goal"],
    [
      ["read the state", ms(mine.readMs), ""],
      ["update with one bin", mine.updateMs.toFixed(2), ""],
      ["forecast 48 h at 5 quantiles", mine.forecastMs.toFixed(2), ""],
      [
        "update + forecast",
        (mine.updateMs + mine.forecastMs).toFixed(2),
        `1: ${goal(mine.updateMs + mine.forecastMs, 1)}`,
      ],
      ["write the state", mine.writeMs.toFixed(2), ""],
      ["all of a tick", mine.tickMs.toFixed(2), ""],
      ["build from 28 days, warm", ms(mine.buildMs), `25: ${goal(mine.buildMs, 25)}`],
      ["build from 28 days, the first", ms(mine.firstBuildMs), ""],
    ],
  ),
);
console.log(
  `\nstate: ${mine.hotBytes} bytes at each tick, ${mine.coldBytes} at most hourly; ${mine.poolsHeld} pools held at once: ${mine.heldMb.toFixed(0)} MB\n`,
);
const tick = mine.updateMs + mine.forecastMs;
console.log(
  textTable(
    ["the same 48 hours by", "ms", "times ours"],
    peers.map(([name, value]) =>
      typeof value === "string" ? [name, value, ""] : [name, ms(value), Math.round(value / tick)],
    ),
  ),
);
