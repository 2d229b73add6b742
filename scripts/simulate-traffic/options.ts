/** The command line of simulate-traffic. */
import { parseArgs } from "node:util";
import { floorTo, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { PATTERNS, type Pattern, parsePattern } from "../../src/sim/traffic/patterns.ts";
import { DEFAULT_REGIONS, type RegionSpec, regionSpecs } from "../../src/sim/traffic/regions.ts";
import { readCommand, readList, readNumber, UserError } from "../user-error.ts";

export const USAGE = `Usage: npm run simulate-traffic -- [options]
Sends traffic samples to a running stack: a minute each minute, or as much of the past as you like.

what
  --pattern P,…        ${PATTERNS.join(", ")} (default mixed)
  --seed WORD          another seed, another traffic (default flyahead)
  --regions a,b,c      Fly regions, each at its own hour (default iad,fra,syd)
  --peak N             requests a minute at the peak of the largest region (default 2000; a trace: as recorded)
  --trace FILE.csv     replay a recorded trace (header timestamp,requests) instead of generated traffic
  --app NAME           default shop on the demo's stack, elsewhere it must be given
  --process-group G    default web on the demo's stack, elsewhere app
when
  --days N, --minutes N   how much (default: the whole trace, or a day)
  --backfill DAYS      the last DAYS days up to now, and then end
  --from TIME          begin at this time, like 2026-03-29T00:00:00Z, and catch up
  --speed X            minutes of traffic sent in a real minute: 1 is live, 60 an hour a minute, max as fast as it is
                       answered (default 1 from now on, max in the past). Over 1 without --from, the past up to now is sent;
                       on the demo's simulated clock the clock is moved along instead
where
  --url URL            the functions' address, like https://<project>.supabase.co/functions/v1 (or FLYAHEAD_URL)
  --token TOKEN        with scope ingest (or FLYAHEAD_TOKEN); default for both: the stack of \`npm run demo -- --keep\`
  --json               the summary as JSON
Ctrl-C ends with the summary.`;

export type TrafficOptions = {
  readonly patterns: readonly Pattern[];
  readonly seed: string;
  readonly regions: readonly RegionSpec[];
  readonly peak: number | undefined;
  readonly trace: string | null;
  readonly app: string | null;
  readonly processGroup: string | null;
  readonly minutes: number | null;
  readonly backfillMinutes: number | null;
  readonly from: Instant | null;
  /** Infinity: max. */
  readonly speed: number | null;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly json: boolean;
};

/** @throws UserError with what is wrong, and the usage. */
export function readOptions(args: readonly string[]): TrafficOptions | "help" {
  return readCommand(() => read([...args]), USAGE);
}

function read(args: string[]): TrafficOptions | "help" {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{
        pattern: text,
        seed: text,
        regions: text,
        peak: text,
        trace: text,
        app: text,
        "process-group": text,
      },
      ...{ days: text, minutes: text, backfill: text, from: text, speed: text, url: text, token: text },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  refuseTogether(values, "days", "minutes");
  refuseTogether(values, "backfill", "days");
  refuseTogether(values, "backfill", "minutes");
  refuseTogether(values, "backfill", "from");
  if (values.pattern !== undefined || values.seed !== undefined) {
    if (values.trace !== undefined)
      throw new UserError("--trace replays what was recorded: leave out --pattern and --seed");
  }
  return {
    patterns: (readList("--pattern", values.pattern) ?? ["mixed"]).map(parsePattern),
    seed: values.seed ?? "flyahead",
    regions: regionsOf(values.regions),
    peak: values.peak === undefined ? undefined : readNumber("--peak", values.peak, 1, 1e9),
    trace: values.trace ?? null,
    app: values.app ?? null,
    processGroup: values["process-group"] ?? null,
    minutes: minutesOf("--days", values.days, 1_440) ?? minutesOf("--minutes", values.minutes, 1),
    backfillMinutes: minutesOf("--backfill", values.backfill, 1_440),
    from: values.from === undefined ? null : instantOf(values.from),
    speed: values.speed === undefined ? null : speedOf(values.speed),
    url: values.url,
    token: values.token,
    json: values.json,
  };
}

function refuseTogether(values: Record<string, unknown>, one: string, other: string): void {
  if (values[one] !== undefined && values[other] !== undefined)
    throw new UserError(`--${one} and --${other} say the same thing twice; give one of them`);
}

function regionsOf(text: string | undefined): readonly RegionSpec[] {
  const codes = readList("--regions", text);
  return codes === null ? DEFAULT_REGIONS : regionSpecs(codes);
}

function minutesOf(name: string, text: string | undefined, unitMinutes: number): number | null {
  if (text === undefined) return null;
  return Math.max(
    1,
    Math.round(readNumber(name, text, 1 / unitMinutes, 527_040 / unitMinutes) * unitMinutes),
  );
}

function instantOf(text: string): Instant {
  const at = /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new UserError(`--from is "${text}"; give a day or a time with its zone, like 2026-03-29T00:00:00Z`);
  return floorTo(at, MINUTE_MS);
}

function speedOf(text: string): number {
  return text === "max" ? Number.POSITIVE_INFINITY : readNumber("--speed", text, 0.01, 1e6);
}
