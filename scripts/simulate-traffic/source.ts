/**
 * Where the numbers come from: the seeded generator, which makes any span, or a recorded trace, of which a piece is cut
 * and moved to the span. The piece is the first that keeps the time of the week, else the time of the day: a Sunday
 * night replayed as a Monday noon would teach the forecaster nonsense.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DAY_MS, formatInstant, type Instant, MINUTE_MS, WEEK_MS } from "../../src/core/time.ts";
import { type Demand, demandEnd, sliceDemand } from "../../src/sim/traffic/demand.ts";
import { generateDemand } from "../../src/sim/traffic/generate.ts";
import { readTrace, spreadTrace, traceRegions } from "../../src/sim/traffic/trace.ts";
import { causeOf } from "../running-stack.ts";
import { UserError } from "../user-error.ts";
import type { TrafficOptions } from "./options.ts";

export type TrafficSource = {
  /** All that there is; null: any length. */
  readonly minutes: number | null;
  /** The span's demand, and where it comes from in words. @throws UserError where the trace is too short. */
  readonly cut: (from: Instant, minutes: number) => { readonly demand: Demand; readonly title: string };
};
type PoolNames = { readonly app: string; readonly processGroup: string };

/** @throws UserError where the trace cannot be read. */
export async function openSource(options: TrafficOptions, names: PoolNames): Promise<TrafficSource> {
  return options.trace === null ? generated(options, names) : recorded(options, options.trace, names);
}

function generated({ seed, regions, patterns, peak }: TrafficOptions, names: PoolNames): TrafficSource {
  const title = `generated traffic (${patterns.join(" + ")}, seed ${seed})`;
  return {
    minutes: null,
    cut: (start, minutes) => {
      const days = (minutes * MINUTE_MS) / DAY_MS;
      return {
        title,
        demand: generateDemand({
          seed,
          regions,
          patterns,
          peakRequestsPerMinute: peak,
          start,
          days,
          ...names,
        }),
      };
    },
  };
}

async function recorded(
  { regions, peak }: TrafficOptions,
  file: string,
  names: PoolNames,
): Promise<TrafficSource> {
  const whole = await readWhole();
  const minutes = (demandEnd(whole) - whole.start) / MINUTE_MS;
  return {
    minutes,
    cut(from, asked) {
      if (asked > minutes) {
        const has = ((minutes * MINUTE_MS) / DAY_MS).toFixed(1);
        throw new UserError(`${file} holds ${has} days that all regions share; ask for no more of them`);
      }
      const start = whole.start + pieceOffset(from - whole.start, asked * MINUTE_MS, minutes * MINUTE_MS);
      const piece = sliceDemand(whole, start, start + asked * MINUTE_MS);
      return {
        demand: { ...piece, start: from },
        title: `${basename(file)} from ${formatInstant(start)} on`,
      };
    },
  };

  async function readWhole(): Promise<Demand> {
    try {
      const trace = readTrace(await readFile(file, "utf8"), file);
      return spreadTrace(trace, traceRegions(regions, trace.start), {
        ...names,
        peakRequestsPerMinute: peak,
      });
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) throw new UserError(error.message);
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw new UserError(`Cannot read the trace ${file}: ${causeOf(error)}`);
    }
  }
}

function pieceOffset(distanceMs: number, lengthMs: number, wholeMs: number): number {
  const offsets = [WEEK_MS, DAY_MS].map((grid) => ((distanceMs % grid) + grid) % grid);
  return offsets.find((offset) => offset + lengthMs <= wholeMs) ?? 0;
}
