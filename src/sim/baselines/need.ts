/**
 * How many machines a minute's load needs: the one sum that every baseline and their referee share.
 *
 * The trap is a load that is a multiple of the capacity up to a rounding error: 3 × 0.1 must need three machines of
 * 0.1, not four, and the referee must then not call them short.
 */
export type Bounds = {
  /** Requests a minute that one machine carries, above 0. */
  readonly requestsPerMachine: number;
  readonly min: number;
  /** May be Infinity. */
  readonly max: number;
};

const ROUNDING = 1e-9;

/** Machines that carry this load, without bounds; 0 for a minute that was not recorded. */
export function machinesFor(requests: number, requestsPerMachine: number): number {
  return requests > 0 ? Math.ceil(requests / requestsPerMachine - ROUNDING) : 0;
}

/** The same within min and max: what a policy may name. */
export function needOf(requests: number, bounds: Bounds): number {
  return within(machinesFor(requests, bounds.requestsPerMachine), bounds);
}

/** Min outranks max where the two cross. */
export function within(machines: number, { min, max }: Bounds): number {
  return Math.max(min, Math.min(max, machines));
}

/** Throws RangeError for bounds that no pool can have. */
export function checkBounds({ requestsPerMachine, min, max }: Bounds): void {
  const whole = Number.isInteger(min) && (Number.isInteger(max) || max === Number.POSITIVE_INFINITY);
  if (requestsPerMachine > 0 && Number.isFinite(requestsPerMachine) && whole && min >= 0 && max >= min)
    return;
  throw new RangeError(
    `Cannot compare policies with ${requestsPerMachine} requests a machine, min ${min} and max ${max}: the first must be above 0, the others whole numbers with 0 ≤ min ≤ max.`,
  );
}
