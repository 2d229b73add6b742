/** The demo's command line. */
import { parseArgs } from "node:util";
import { DEFAULT_REGIONS, type RegionSpec, regionSpecs } from "../../src/sim/traffic/regions.ts";

export type DemoOptions = {
  readonly trace: string | null;
  readonly days: number;
  readonly historyDays: number;
  readonly seed: string;
  readonly regions: readonly RegionSpec[];
  readonly cadenceMinutes: 1 | 5 | 15;
  readonly keep: boolean;
};

export const USAGE = `npm run demo -- [options]

  --trace FILE.csv   replay a real trace (header timestamp,requests) instead of generated traffic
  --days N           days to replay, the last ones of a trace (default 14)
  --history N        days of history loaded before them (default 28, or what the trace has)
  --regions a,b,c    Fly regions that share the traffic, each at its own hour (default iad,fra,syd)
  --cadence N        minutes between ticks: 1, 5 or 15 (default 15)
  --seed WORD        another seed, another traffic (default flyahead)
  --keep             leave everything running afterwards, with URLs and a token, until Ctrl-C
`;

/** @throws RangeError with what is wrong and what it should be. */
export function readOptions(args: readonly string[]): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trace: { type: "string" },
      days: { type: "string", default: "14" },
      history: { type: "string", default: "28" },
      regions: { type: "string" },
      cadence: { type: "string", default: "15" },
      seed: { type: "string", default: "flyahead" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    trace: values.trace ?? null,
    days: number("--days", values.days, 0.1, 365),
    historyDays: number("--history", values.history, 0, 365),
    seed: values.seed,
    regions:
      values.regions === undefined
        ? DEFAULT_REGIONS
        : regionSpecs(values.regions.split(",").map((code) => code.trim())),
    cadenceMinutes: cadence(values.cadence),
    keep: values.keep,
  };
}

function number(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= low && value <= high) return value;
  throw new RangeError(`${name} is "${text}"; give a number of days from ${low} to ${high}`);
}

function cadence(text: string): 1 | 5 | 15 {
  const value = Number(text);
  if (value === 1 || value === 5 || value === 15) return value;
  throw new RangeError(`--cadence is "${text}"; it is 1, 5 or 15 minutes`);
}
