/**
 * The referee: what a sequence of wishes would have cost, and when it would have been short, on one pool's minutes.
 *
 *   minute t: the wish is heard → added machines are billed from t and serve from t + boot
 *                               → removed machines go at once, the ones still booting first
 *             then the load of minute t comes, and what the serving machines cannot carry is unserved
 *
 * Every policy starts settled: what it names for minute 0 already serves. Minutes that were not recorded are lived
 * through (machines boot and go) but neither billed nor scored; charging for them would reward guessing in the dark.
 */
import { type Bounds, checkBounds, machinesFor, within } from "./need.ts";

export type EvaluateOptions = Bounds & {
  /** Whole minutes from asking to serving; 0 serves at once. */
  readonly bootMinutes: number;
  /** Machines that serve when minute 0 begins. Default: what the policy names for minute 0. */
  readonly startMachines?: number | undefined;
};

export type Evaluation = {
  readonly machineMinutes: number;
  readonly shortMinutes: number;
  readonly unservedRequests: number;
  /** Minutes in which the number of machines changed. */
  readonly actions: number;
  /** Of the billed machines over the recorded minutes; 0 where none was recorded. */
  readonly min: number;
  readonly mean: number;
  readonly peak: number;
};

/**
 * Plays `desired` (one number a minute, brought within min and max) against `series` (requests a minute, NaN not
 * recorded). Throws RangeError where the two differ in length or an option cannot be.
 */
export function evaluate(series: Float64Array, desired: Int32Array, options: EvaluateOptions): Evaluation {
  checkBounds(options);
  checkLengths(series, desired, options.bootMinutes);
  const fleet = createFleet(options.startMachines ?? within(desired[0] ?? 0, options), options.bootMinutes);
  const sum = { machineMinutes: 0, shortMinutes: 0, unservedRequests: 0, actions: 0 };
  let recorded = 0;
  let min = Number.POSITIVE_INFINITY;
  let peak = 0;
  for (let minute = 0; minute < series.length; minute++) {
    const { machines, serving, changed } = fleet(minute, within(desired[minute]!, options));
    if (changed) sum.actions++;
    const requests = series[minute]!;
    if (Number.isNaN(requests)) continue;
    recorded++;
    sum.machineMinutes += machines;
    min = Math.min(min, machines);
    peak = Math.max(peak, machines);
    if (machinesFor(requests, options.requestsPerMachine) <= serving) continue;
    sum.shortMinutes++;
    sum.unservedRequests += requests - serving * options.requestsPerMachine;
  }
  return { ...sum, min: recorded ? min : 0, mean: recorded ? sum.machineMinutes / recorded : 0, peak };
}

type FleetMinute = { machines: number; serving: number; changed: boolean };

function createFleet(
  startMachines: number,
  bootMinutes: number,
): (minute: number, want: number) => FleetMinute {
  let serving = startMachines;
  let machines = startMachines;
  const booting: { readyAt: number; count: number }[] = [];
  return (minute, want) => {
    const changed = want !== machines;
    if (want > machines) booting.push({ readyAt: minute + bootMinutes, count: want - machines });
    for (let drop = machines - want; drop > 0; ) {
      const youngest = booting.at(-1);
      const gone = Math.min(drop, youngest?.count ?? drop);
      if (youngest) youngest.count -= gone;
      else serving -= gone;
      if (youngest?.count === 0) booting.pop();
      drop -= gone;
    }
    machines = want;
    while (booting[0] && booting[0].readyAt <= minute) serving += booting.shift()!.count;
    return { machines, serving, changed };
  };
}

function checkLengths(series: Float64Array, desired: Int32Array, bootMinutes: number): void {
  if (series.length !== desired.length) {
    throw new RangeError(
      `Cannot evaluate ${desired.length} wishes on ${series.length} minutes: give one wish a minute.`,
    );
  }
  if (!Number.isInteger(bootMinutes) || bootMinutes < 0) {
    throw new RangeError(`Cannot boot in ${bootMinutes} minutes: use a whole number of 0 or more.`);
  }
}
