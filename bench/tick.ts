/**
 * What a tick costs, measured from outside on the local stack: functions/auto-scaling in Deno 2.1.4, embedded Postgres, the
 * Upstash bridge, the simulated Fly, a counting door before each. Pools have 28 days behind them. Each line stands beside its
 * budget; over one, the bench ends with status 1. About four minutes; Linux only.
 *
 *   npm run bench:tick -- [--out bench/results/tick.txt] [--rounds 5] [--only 35]
 *
 * CPU is what to read on a busy machine; wall time is what the machine left.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Case, measureFleet } from "./tick/cases.ts";
import { liveMonth, type Month } from "./tick/months.ts";
import { reportOf } from "./tick/report.ts";
import type { Fleet } from "./tick/world.ts";

const FLEETS: readonly Fleet[] = [
  { name: "1 pool", apps: 1, regions: 1, groups: 1 },
  { name: "35 pools, one app", apps: 1, regions: 7, groups: 5 },
  { name: "350 pools, ten apps", apps: 10, regions: 7, groups: 5 },
  { name: "350 pools, one app", apps: 1, regions: 14, groups: 25 },
];
const TEN_POOLS: readonly Fleet[] = [
  { name: "one app in ten regions", apps: 1, regions: 10, groups: 1 },
  { name: "ten apps of one pool", apps: 10, regions: 1, groups: 1 },
];
/** By cadence in minutes: how many hours are lived to tell of a month. */
const LIVED_HOURS = { 15: 24, 1: 6 } as const;

const { values: flags } = parseArgs({
  options: {
    out: { type: "string" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(flags.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(
    `tick: --rounds ${flags.rounds} is no whole number above 0: how many ticks of a kind are measured.`,
  );
  process.exit(2);
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const cases: Case[] = [];
for (const fleet of FLEETS.filter(({ name }) => name.startsWith(flags.only))) {
  say(`${fleet.name} …`);
  cases.push(await measureFleet(fleet, rounds));
}
const months: Month[] = [];
for (const cadence of flags.only === "" ? ([15, 1] as const) : []) {
  for (const fleet of TEN_POOLS) {
    say(`${fleet.name}, a tick every ${cadence} min …`);
    months.push(await liveMonth(fleet, cadence, LIVED_HOURS[cadence]));
  }
}
const { text, isOver } = reportOf(cases, months);
const date = new Date().toISOString().slice(0, 10);
const head = `npm run bench:tick   (${date}, ${cpus().length} cores of a shared ${process.arch} machine, Node ${process.version}, Deno 2.1.4)`;
console.log(text);
if (flags.out !== undefined) writeFileSync(flags.out, `${head}\n\n${text}\n`);
process.exitCode = isOver ? 1 : 0;
