/** What the demo replays: generated traffic or a real trace, cut into history and the days that are lived. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DAY_MS, floorTo, formatInstant, HOUR_MS, type Instant } from "../../src/core/time.ts";
import { type Demand, demandEnd } from "../../src/sim/traffic/demand.ts";
import { generateDemand, happeningsOf } from "../../src/sim/traffic/generate.ts";
import {
  readTrace,
  spreadTrace,
  suggestRequestsPerMachine,
  traceRegions,
} from "../../src/sim/traffic/trace.ts";
import type { DemoOptions } from "./options.ts";

export const APP = "shop";
export const PROCESS_GROUP = "web";

/** Four weeks before two weeks in which clocks change in America: a Monday. */
const GENERATED_FROM = Date.UTC(2026, 1, 2);
const GENERATED_REQUESTS_PER_MACHINE = 500;

export type DemoTraffic = {
  readonly title: string;
  readonly demand: Demand;
  /** History ends and the replay begins here. */
  readonly from: Instant;
  readonly until: Instant;
  readonly requestsPerMachine: number;
  /** What breaks the ordinary week, in words; nobody knows that of a real trace. */
  readonly happenings: readonly string[];
};

/** @throws RangeError where the trace is shorter than what is to be replayed. */
export async function demoTraffic(options: DemoOptions): Promise<DemoTraffic> {
  return options.trace === null ? generated(options) : fromTrace(options, options.trace);
}

function generated({ seed, regions, days, historyDays }: DemoOptions): DemoTraffic {
  const from = GENERATED_FROM + Math.ceil(historyDays) * DAY_MS;
  const until = from + days * DAY_MS;
  const start = GENERATED_FROM;
  const span = { seed, regions, start, days: (until - start) / DAY_MS };
  const wanted = { ...span, app: APP, processGroup: PROCESS_GROUP, happeningsFrom: from };
  const demand = generateDemand(wanted);
  const happenings = happeningsOf(wanted)
    .filter((one) => one.kind !== "gap" && one.until > from && one.from < until)
    .map(({ kind, from: at }) => `${kind.replace("-", " ")} from ${formatInstant(at)}`);
  const title = `generated traffic, seed ${seed}`;
  return { title, demand, from, until, requestsPerMachine: GENERATED_REQUESTS_PER_MACHINE, happenings };
}

async function fromTrace({ regions, days, historyDays }: DemoOptions, file: string): Promise<DemoTraffic> {
  const trace = readTrace(await readFile(file, "utf8"), file);
  const whole = spreadTrace(trace, traceRegions(regions, trace.start), {
    app: APP,
    processGroup: PROCESS_GROUP,
  });
  const until = floorTo(demandEnd(whole), HOUR_MS);
  const from = until - days * DAY_MS;
  if (from < whole.start) {
    const has = ((until - whole.start) / DAY_MS).toFixed(1);
    throw new RangeError(
      `${file} holds ${has} days that all regions share; ask for fewer than --days ${days}`,
    );
  }
  const start = Math.max(whole.start, from - historyDays * DAY_MS);
  const requestsPerMachine = suggestRequestsPerMachine(whole);
  return {
    title: basename(file),
    demand: fromStart(whole, start),
    from,
    until,
    requestsPerMachine,
    happenings: [],
  };
}

function fromStart(demand: Demand, start: Instant): Demand {
  const skip = Math.round((start - demand.start) / demand.binMs);
  const pools = demand.pools.map((pool) => ({ ...pool, requests: pool.requests.slice(skip) }));
  return { ...demand, start, pools };
}
