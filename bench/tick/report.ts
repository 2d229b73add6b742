/** The figures beside their budgets (docs/operating.md says what the budgets are for), and whether each was kept. */
import { textTable } from "../../src/local/text-table.ts";
import type { Case } from "./cases.ts";
import type { Month } from "./months.ts";
import type { Cost } from "./world.ts";

/**
 * The soft limit of an edge function, in which a tick is to fit; the hard one is twice as much. What counts is the thread that
 * runs the function (supabase/edge-runtime, crates/cpu_timer: a timer on CLOCK_THREAD_CPUTIME_ID); the compiler's and the
 * collector's threads stand beside it.
 */
const CPU_BUDGET_MS = 1_000;
const HOT_BUDGET_BYTES = 4 * 1024;
const COLD_BUDGET_BYTES = 48 * 1024;
const FREE_COMMANDS = 500_000;
const FREE_MB = 500;
/** The budgets speak of the shipped cadence; of a quicker one the report only tells. */
const SHIPPED_CADENCE = 15;

/** "ok" or "over"; in brackets where nothing depends on it. */
type Judge = (value: number, budget: number, isBudgeted?: boolean) => string;

export function reportOf(
  cases: readonly Case[],
  months: readonly Month[],
): { readonly text: string; readonly isOver: boolean } {
  let isOver = false;
  const judge: Judge = (value, budget, isBudgeted = true) => {
    const verdict = value > budget ? "over" : "ok";
    if (!isBudgeted) return `(${verdict})`;
    isOver ||= value > budget;
    return verdict;
  };
  const parts = [
    ...(cases.length > 0 ? [ticksOf(cases, judge), trafficOf(cases)] : []),
    ...(months.length > 0 ? [monthsOf(months, judge)] : []),
    textTable(["what", "is", "budget", ""], [...roundTrips(cases, judge), ...states(cases, months, judge)]),
  ];
  return { text: parts.join("\n"), isOver };
}

function kindsOf(cases: readonly Case[]): [Case, string, Cost][] {
  return cases.flatMap((each): [Case, string, Cost][] => [
    [each, "steady", each.steady],
    [each, "changing", each.changing],
    [each, "cold", each.cold],
  ]);
}

function ticksOf(cases: readonly Case[], judge: Judge): string {
  const head = [
    "pools",
    "tick",
    "CPU ms",
    "budget",
    "",
    "a pool",
    "of all threads",
    "wall ms",
    "peak MB",
    "moved",
  ];
  const rows = kindsOf(cases).map(([{ fleet, pools }, kind, cost]) => [
    fleet.name,
    kind,
    Math.round(cost.cpuMs),
    CPU_BUDGET_MS,
    judge(cost.cpuMs, CPU_BUDGET_MS),
    (cost.cpuMs / pools).toFixed(1),
    Math.round(cost.allCpuMs),
    Math.round(cost.wallMs),
    Math.round(cost.peakMb),
    cost.moved,
  ]);
  const dearest = cases.map(({ fleet, worstCpuMs }) => `${Math.round(worstCpuMs)} ms (${fleet.name})`);
  return [
    "A tick, median of each number. cold: the first one of a fresh process, whose boot is not in it.\n",
    textTable(head, rows),
    `\nThe dearest warm tick: ${dearest.join(", ")}.`,
    `A fresh process takes ${Math.round(cases[0]!.bootCpuMs)} ms of CPU until it listens.\n`,
  ].join("\n");
}

function trafficOf(cases: readonly Case[]): string {
  const head = [
    "pools",
    "tick",
    "SQL round trips",
    "an app",
    "Redis commands",
    "Fly calls",
    "SQL KB",
    "Redis KB",
  ];
  const rows = kindsOf(cases).map(([{ fleet }, kind, cost]) => [
    fleet.name,
    kind,
    cost.sqlTurns,
    (cost.sqlTurns / fleet.apps).toFixed(1),
    cost.redisCommands,
    cost.flyCalls,
    kb(cost.sqlBytes),
    kb(cost.redisBytes),
    kb(cost.flyBytes),
  ]);
  return `${textTable([...head, "Fly KB"], rows)}\n`;
}

function monthsOf(months: readonly Month[], judge: Judge): string {
  const head = ["ten pools as", "a tick every", "Redis commands", "budget", "", "MB stored a month"];
  const more = ["MB after a year", "budget", "", "state MB a day", "SQL traffic MB", "Fly calls"];
  const rows = months.map((month) => {
    const isBudgeted = month.cadenceMinutes === SHIPPED_CADENCE;
    return [
      month.fleet.name,
      `${month.cadenceMinutes} min`,
      month.redisCommands,
      FREE_COMMANDS,
      judge(month.redisCommands, FREE_COMMANDS, isBudgeted),
      month.storedMb.toFixed(0),
      month.yearMb.toFixed(0),
      FREE_MB,
      judge(month.yearMb, FREE_MB, isBudgeted),
      month.stateMbADay.toFixed(1),
      month.sqlMb.toFixed(0),
      month.flyCalls,
    ];
  });
  return [
    "Ten pools, a month of 30 days, a sample a minute and pool; moved as their load asks for. In brackets: of a",
    "cadence of a minute no budget speaks.\n",
    textTable([...head, ...more], rows),
    "",
  ].join("\n");
}

/** Of a steady tick of one app: as many round trips for all its pools as for one. */
function roundTrips(cases: readonly Case[], judge: Judge): unknown[][] {
  const single = cases.filter(({ fleet }) => fleet.apps === 1);
  const least = Math.min(...single.map(({ steady }) => steady.sqlTurns));
  return single.map(({ fleet, steady }) => [
    `SQL round trips of a steady tick (${fleet.name})`,
    steady.sqlTurns,
    least,
    judge(steady.sqlTurns, least),
  ]);
}

/** The largest of each fleet. */
function states(cases: readonly Case[], months: readonly Month[], judge: Judge): unknown[][] {
  const rowsOf = (name: string, { hotBytes, coldBytes }: Case | Month, isBudgeted: boolean) => [
    [
      `state at each tick, bytes (${name})`,
      hotBytes,
      HOT_BUDGET_BYTES,
      judge(hotBytes, HOT_BUDGET_BYTES, isBudgeted),
    ],
    [
      `state once an hour, bytes (${name})`,
      coldBytes,
      COLD_BUDGET_BYTES,
      judge(coldBytes, COLD_BUDGET_BYTES, isBudgeted),
    ],
  ];
  const quick = months.filter(({ cadenceMinutes }) => cadenceMinutes !== SHIPPED_CADENCE).slice(0, 1);
  return [
    ...cases.flatMap((each) => rowsOf(each.fleet.name, each, true)),
    ...quick.flatMap((month) => rowsOf(`a tick every ${month.cadenceMinutes} min`, month, false)),
  ];
}

function kb(bytes: number): number {
  return Math.round(bytes / 1024);
}
