/**
 * The product's own decideTick on real traffic, minute by minute, as rows that a scorer can read:
 *
 *   npx tsx bench/decisions.ts --traces DIR --origins FILE --out desired.csv [--series a,b] [--boots 1,5,15]
 *
 * One setting for all series: the price (20, 100) or the promise (p0.01, p0.001) and the boot are inputs of the policy, and
 * nothing else is: no maximum, no cooldown; what the last seven minutes needed is kept. One process a series, as many as there are cores.
 *
 *   npx tsx bench/decisions.ts --traces DIR --origins FILE --defaults
 *
 * prints what the shipped defaults do on the same series, looking every 15 minutes and every minute, with a boot of a minute.
 */
import { fork } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Policy } from "../src/core/policy.ts";
import { RULES_OFF } from "../src/core/rules.ts";
import { defaultsText, underDefaults } from "./decisions/defaults.ts";
import { drive } from "./decisions/drive.ts";
import { readMinutes } from "./decisions/minutes.ts";

const PRICES = [20, 100];
const PROMISES = [0.01, 0.001];
/** What was needed within it is kept, on every series alike: at a decision a minute, less would be fidgeting. */
const STABILISATION_SECONDS = 420;

const { values: flags } = parseArgs({
  options: {
    origins: { type: "string" },
    traces: { type: "string" },
    out: { type: "string", default: "desired.csv" },
    series: { type: "string" },
    boots: { type: "string", default: "1,5,15" },
    only: { type: "string" },
    defaults: { type: "boolean", default: false },
  },
});
if (!flags.origins || !flags.traces) {
  console.error("decisions: --origins FILE and --traces DIR are needed: which series, and where they are.");
  process.exit(2);
}
const { origins, traces, out } = { ...flags, origins: flags.origins, traces: flags.traces };
const boots = flags.boots.split(",").map(Number);
type Series = { name: string; file: string; step_seconds: number };
const { series }: { series: Series[] } = JSON.parse(readFileSync(origins, "utf8"));

const wanted = series.filter(({ name }) => !flags.series || flags.series.split(",").includes(name));
if (flags.only !== undefined) one(series.find(({ name }) => name === flags.only)!);
else if (flags.defaults) printDefaults(wanted);
else await all(wanted);

function printDefaults(wanted: readonly Series[]): void {
  const rows = wanted.flatMap(({ name, file, step_seconds }) => {
    console.error(`${name} …`);
    const trace = readMinutes(name, join(traces, file), step_seconds);
    return [15, 1].map((cadenceMinutes) => underDefaults(trace, cadenceMinutes));
  });
  console.log(defaultsText(rows));
}

async function all(wanted: readonly Series[]): Promise<void> {
  writeFileSync(out, "series,boot,lambda,minute,desired\n");
  const waiting = [...wanted];
  let done = 0;
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const part = `${out}.${next.name}`;
      const message = await apart(next.name, part);
      appendFileSync(out, readFileSync(part));
      rmSync(part);
      done += 1;
      console.error(`${done} of ${wanted.length}: ${next.name}, ${message}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

/** A process of its own for one series; what it says at its end. */
function apart(name: string, part: string): Promise<string> {
  const args = [...process.argv.slice(2), "--only", name, "--out", part];
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), args);
    let said = "";
    child.on("message", (message) => {
      said = String(message);
    });
    child.on("exit", (code) =>
      code === 0
        ? resolve(said)
        : reject(new Error(`Deciding for ${name} ended with code ${code}; its words are above.`)),
    );
  });
}

function one({ name, file, step_seconds }: Series): void {
  const trace = readMinutes(name, join(traces, file), step_seconds);
  const goals = [
    ...PRICES.map((price) => ({ label: `${price}`, shortShare: 0.001, unservedPrice: price })),
    ...PROMISES.map((share) => ({ label: `p${share}`, shortShare: share, unservedPrice: null })),
  ];
  const riders = boots.flatMap((bootMinutes) =>
    goals.map(({ label, ...goal }) => ({
      name: `${name},${bootMinutes},${label}`,
      bootMinutes,
      policy: { ...bare(trace.capacity, bootMinutes), ...goal },
      rows: [] as string[],
    })),
  );
  const { ticks, ms } = drive(
    trace,
    1,
    riders.map((rider) => ({
      ...rider,
      note: (minute, desired) => rider.rows.push(`${rider.name},${minute},${desired}\n`),
    })),
  );
  writeFileSync(out, riders.map(({ rows }) => rows.join("")).join(""));
  process.send?.(`${ticks} decisions of ${((1_000 * ms) / ticks).toFixed(0)} µs`);
}

/** No wish but the goal. */
function bare(capacity: number, bootMinutes: number): Omit<Policy, "shortShare" | "unservedPrice"> {
  return {
    ...RULES_OFF,
    minWorkers: 1,
    maxWorkers: 1_000_000,
    requestsPerWorker: capacity,
    leadSeconds: 60 * bootMinutes,
    cooldownSeconds: 0,
    stabilisationSeconds: STABILISATION_SECONDS,
    staleSeconds: 600,
    overrideSeconds: 0,
    timeZone: "UTC",
    pinnedMachineId: null,
    frozenUntil: null,
  };
}
