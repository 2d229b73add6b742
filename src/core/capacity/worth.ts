/**
 * Each machine earns its keep. The k-th machine is looked at alone, as a small business: in every bin it costs its price,
 * and it saves what being without it would cost there (`missed`, in the same unit). It may be started or stopped at each
 * tick; a start costs the boot, during which it is paid for and saves nothing. Dynamic programming from the last tick of
 * the plan back to now finds its best future, and so whether it should run now. A machine that will be wanted again before a
 * boot would have paid off is kept; one whose hour has come is started a lead time before.
 *
 * Levels may be taken one by one because demand that needs k + 1 machines needs k as well: it is the decomposition by
 * which the clairvoyant's cost is exact (after Lu and Chen 2013, for servers with a cost of switching on).
 *
 * The trap: the plan is made as if nothing would be learned on the way. It is made anew at each tick, so what it decides now
 * matters and the rest does not.
 */
import { type Instant, MINUTE_MS } from "../time.ts";
import type { FleetNow } from "./fleet-now.ts";

/** What stopping and starting costs beyond the boot itself, in machine-minutes: every action is a risk. */
export const START_COST_MINUTES = 16;

export type Ahead = {
  readonly start: Instant;
  readonly binMs: number;
  /** Of block k (from 0), bin by bin: machine-minutes a minute that being without it costs. Never rises with k. */
  readonly missed: (block: number) => ArrayLike<number>;
  /** Beyond so many blocks nothing is missed. */
  readonly blocks: number;
};

export type Schedule = {
  /** Now, then the ticks to come, ascending; the last one ends the plan. */
  readonly ticks: readonly Instant[];
  readonly leadMs: number;
};

/** How many blocks of machines should run from now on. `fleet` is counted in blocks. */
export function worthRunning(ahead: Ahead, fleet: FleetNow, schedule: Schedule): number {
  const calendar = calendarOf(ahead, schedule);
  let running = 0;
  while (running < ahead.blocks) {
    const worth = worthOfBlock(ahead.missed(running), calendar);
    const servesAt =
      running < fleet.serving ? schedule.ticks[0]! : fleet.bootingUntil[running - fleet.serving];
    const isWorth =
      servesAt === undefined ? worth.start > Math.max(0, worth.wait) : worth.from(servesAt) >= worth.wait;
    if (!isWorth) break;
    running += 1;
  }
  return running;
}

/** What all blocks share: where the ticks lie among the bins, and where a start at each of them lands. */
type Calendar = Schedule & {
  readonly minutesPerBin: number;
  /** In bins from the first one. */
  readonly place: (at: Instant) => number;
  readonly tickPlaces: readonly number[];
  readonly servingPlaces: readonly number[];
  /** The first tick at which what is started at tick i serves. */
  readonly landings: readonly number[];
  /** The best net minutes from each tick on, where a block serves at it, and where it does not run: room for one at a time. */
  readonly on: Float64Array;
  readonly off: Float64Array;
};

function calendarOf({ start, binMs }: Ahead, { ticks, leadMs }: Schedule): Calendar {
  const place = (at: Instant) => (at - start) / binMs;
  return {
    ticks,
    leadMs,
    minutesPerBin: binMs / MINUTE_MS,
    place,
    tickPlaces: ticks.map(place),
    servingPlaces: ticks.map((at) => place(at + leadMs)),
    landings: ticks.map((at, tick) => landingOf(ticks, tick, at + leadMs)),
    on: new Float64Array(ticks.length),
    off: new Float64Array(ticks.length),
  };
}

function landingOf(ticks: readonly Instant[], tick: number, servesAt: Instant): number {
  let landing = tick + 1;
  while (landing < ticks.length - 1 && ticks[landing]! < servesAt) landing++;
  return Math.min(landing, ticks.length - 1);
}

type Worth = {
  /** Net minutes of not running until the next tick; of starting now; of running now and serving from the instant. */
  readonly wait: number;
  readonly start: number;
  readonly from: (servesAt: Instant) => number;
};

function worthOfBlock(missed: ArrayLike<number>, calendar: Calendar): Worth {
  const { ticks, tickPlaces, servingPlaces, landings, minutesPerBin, place, on, off } = calendar;
  const sums = runningSums(missed, minutesPerBin);
  const last = ticks.length - 1;
  const savedAt = tickPlaces.map((at) => totalAt(sums, at));
  const runFrom = (paid: number, landing: number, saved: number): number =>
    Math.max(0, savedAt[landing]! - saved) -
    (ticks[landing]! - ticks[paid]!) / MINUTE_MS +
    Math.max(on[landing]!, off[landing]!);
  const startAt = (tick: number) =>
    runFrom(tick, landings[tick]!, totalAt(sums, servingPlaces[tick]!)) - START_COST_MINUTES;
  for (let tick = last - 1; tick > 0; tick--) {
    on[tick] = runFrom(tick, tick + 1, savedAt[tick]!);
    off[tick] = Math.max(off[tick + 1]!, startAt(tick));
  }
  return {
    wait: off[1] ?? 0,
    start: startAt(0),
    from: (servesAt) => runFrom(0, landingOf(ticks, 0, servesAt), totalAt(sums, place(servesAt))),
  };
}

/** Minutes saved up to the start of each bin. */
function runningSums(missed: ArrayLike<number>, minutesPerBin: number): Float64Array {
  const sums = new Float64Array(missed.length + 1);
  for (let i = 0; i < missed.length; i++) sums[i + 1] = sums[i]! + missed[i]! * minutesPerBin;
  return sums;
}

/** Linear within a bin; flat before the first and after the last. */
function totalAt(sums: Float64Array, place: number): number {
  const last = sums.length - 1;
  if (place <= 0) return 0;
  if (place >= last) return sums[last]!;
  const whole = Math.floor(place);
  return sums[whole]! + (place - whole) * (sums[whole + 1]! - sums[whole]!);
}
