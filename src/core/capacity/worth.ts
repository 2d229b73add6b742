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
const START_COST_MINUTES = 2;

export type Ahead = {
  readonly start: Instant;
  readonly binMs: number;
  /** missed[k][i]: machine-minutes a minute that bin i costs without the block of machines k. */
  readonly missed: readonly ArrayLike<number>[];
};

export type Schedule = {
  /** Now, then the ticks to come, ascending; the last one ends the plan. */
  readonly ticks: readonly Instant[];
  readonly leadMs: number;
};

/** How many blocks of machines should run from now on. `fleet` is counted in blocks. */
export function worthRunning(ahead: Ahead, fleet: FleetNow, schedule: Schedule): number {
  let running = 0;
  for (const missed of ahead.missed) {
    const worth = worthOfBlock(missed, ahead, schedule);
    const servesAt =
      running < fleet.serving ? schedule.ticks[0]! : fleet.bootingUntil[running - fleet.serving];
    const isWorth =
      servesAt === undefined ? worth.start > Math.max(0, worth.wait) : worth.from(servesAt) >= worth.wait;
    if (!isWorth) break;
    running += 1;
  }
  return running;
}

type Worth = {
  /** Net minutes of not running until the next tick; of starting now; of running now and serving from the instant. */
  readonly wait: number;
  readonly start: number;
  readonly from: (servesAt: Instant) => number;
};

function worthOfBlock(missed: ArrayLike<number>, ahead: Ahead, { ticks, leadMs }: Schedule): Worth {
  const saved = runningTotal(missed, ahead);
  const last = ticks.length - 1;
  const on = new Float64Array(last + 1);
  const off = new Float64Array(last + 1);
  const best = (tick: number) => Math.max(on[tick]!, off[tick]!);
  /** Paid from tick `paid`, serving from `servesAt`: up to the first tick at which it serves, and the best from there. */
  const runFrom = (paid: number, servesAt: Instant): number => {
    let landed = paid + 1;
    while (landed < last && ticks[landed]! < servesAt) landed++;
    const gain = Math.max(0, saved(ticks[landed]!) - saved(servesAt));
    return gain - (ticks[landed]! - ticks[paid]!) / MINUTE_MS + best(landed);
  };
  const startAt = (tick: number) => runFrom(tick, ticks[tick]! + leadMs) - START_COST_MINUTES;
  for (let tick = last - 1; tick >= 0; tick--) {
    on[tick] = runFrom(tick, ticks[tick]!);
    off[tick] = tick === 0 ? off[1]! : Math.max(off[tick + 1]!, startAt(tick));
  }
  return { wait: off[0]!, start: startAt(0), from: (servesAt) => runFrom(0, servesAt) };
}

/** Minutes saved up to an instant, linear within a bin; flat before the first and after the last. */
function runningTotal(missed: ArrayLike<number>, { start, binMs }: Ahead): (at: Instant) => number {
  const sums = new Float64Array(missed.length + 1);
  for (let i = 0; i < missed.length; i++) sums[i + 1] = sums[i]! + (missed[i]! * binMs) / MINUTE_MS;
  return (at) => {
    const place = Math.min(missed.length, Math.max(0, (at - start) / binMs));
    const whole = Math.floor(place);
    return sums[whole]! + (place - whole) * ((sums[whole + 1] ?? sums[whole]!) - sums[whole]!);
  };
}
