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

export function reportOf(
  cases: readonly Case[],
  months: readonly Month[],
): { readonly text: string; readonly isOver: boolean } {
  let isOver = false;
  const judge = (value: number, budget: number) => {
    if (value > budget) isOver = true;
    return value > budget ? "over" : "ok";
  };
  const tables: string[] = [];
  if (cases.length > 0) {
    tables.push(
      "A tick, median of each number. cold: the first one of a fresh process, whose boot is not in it.\n",
      textTable(
        [
          "pools",
          "tick",
          "CPU ms",
          "budget",
          "",
          "a pool",
          "of all threads",
          "wall ms",
          "peak MB",
          "machines moved",
        ],
        cases.flatMap((each) =>
          kinds(each).map(([kind, cost]) => [
            each.fleet.name,
            kind,
            Math.round(cost.cpuMs),
            CPU_BUDGET_MS,
            judge(cost.cpuMs, CPU_BUDGET_MS),
            (cost.cpuMs / each.pools).toFixed(1),
            Math.round(cost.allCpuMs),
            Math.round(cost.wallMs),
            Math.round(cost.peakMb),
            cost.moved,
          ]),
        ),
      ),
      `\nThe dearest warm tick: ${cases.map((each) => `${Math.round(each.worstCpuMs)} ms (${each.fleet.name})`).join(", ")}.`,
      `A fresh process takes ${Math.round(cases[0]!.bootCpuMs)} ms of CPU until it listens.\n`,
      textTable(
        [
          "pools",
          "tick",
          "SQL round trips",
          "an app",
          "Redis commands",
          "Fly calls",
          "SQL KB",
          "Redis KB",
          "Fly KB",
        ],
        cases.flatMap((each) =>
          kinds(each).map(([kind, cost]) => [
            each.fleet.name,
            kind,
            cost.sqlTurns,
            (cost.sqlTurns / each.fleet.apps).toFixed(1),
            cost.redisCommands,
            cost.flyCalls,
            kb(cost.sqlBytes),
            kb(cost.redisBytes),
            kb(cost.flyBytes),
          ]),
        ),
      ),
      "",
      textTable(
        ["what", "is", "budget", ""],
        [
          ...perApp(cases, judge),
          ...cases.flatMap(({ fleet, hotBytes, coldBytes }) => [
            [
              `state at each tick, bytes a pool (${fleet.name})`,
              hotBytes,
              HOT_BUDGET_BYTES,
              judge(hotBytes, HOT_BUDGET_BYTES),
            ],
            [
              `state once an hour, bytes a pool (${fleet.name})`,
              coldBytes,
              COLD_BUDGET_BYTES,
              judge(coldBytes, COLD_BUDGET_BYTES),
            ],
          ]),
        ],
      ),
    );
  }
  if (months.length > 0) {
    tables.push(
      "\nTen pools, a month of 30 days, a sample a minute and pool; moves as their load asks for them. Of a cadence of a minute no budget speaks.\n",
      textTable(
        [
          "ten pools as",
          "a tick every",
          "Redis commands",
          "budget",
          "",
          "MB stored a month",
          "MB after a year",
          "budget",
          "",
          "state MB a day",
          "SQL traffic MB",
          "Fly calls",
        ],
        months.map((month) => {
          const isBudgeted = month.cadenceMinutes === 15;
          const verdict = (value: number, budget: number) =>
            isBudgeted ? judge(value, budget) : value > budget ? "(over)" : "(ok)";
          return [
            month.fleet.name,
            `${month.cadenceMinutes} min`,
            month.redisCommands,
            FREE_COMMANDS,
            verdict(month.redisCommands, FREE_COMMANDS),
            month.storedMb.toFixed(0),
            month.yearMb.toFixed(0),
            FREE_MB,
            verdict(month.yearMb, FREE_MB),
            month.stateMbADay.toFixed(1),
            month.sqlMb.toFixed(0),
            month.flyCalls,
          ];
        }),
      ),
    );
  }
  return { text: tables.join("\n"), isOver };
}

function kinds({ steady, changing, cold }: Case): [string, Cost][] {
  return [
    ["steady", steady],
    ["changing", changing],
    ["cold", cold],
  ];
}

/** Of a steady tick of one app: as many round trips for all its pools as for one. */
function perApp(cases: readonly Case[], judge: (value: number, budget: number) => string): unknown[][] {
  const single = cases.filter(({ fleet }) => fleet.apps === 1);
  const least = Math.min(...single.map(({ steady }) => steady.sqlTurns));
  return single.map(({ fleet, steady }) => [
    `SQL round trips of a steady tick (${fleet.name})`,
    steady.sqlTurns,
    least,
    judge(steady.sqlTurns, least),
  ]);
}

function kb(bytes: number): number {
  return Math.round(bytes / 1024);
}
