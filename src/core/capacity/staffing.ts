/**
 * The fewest machines for a load, with room for what happens inside a bin. A bin knows how many requests came in a minute,
 * not how they came: ten machines that carry a minute's mean exactly will make some of it wait. Two ways to say how much
 * room that needs:
 *
 *   queue   the owner says how long a request is worked on and how many may wait how long: Erlang C on the slots
 *   margin  it is known how unevenly requests come: R + β·√(z·R), the square-root rule, over the seconds a queue may smooth
 *
 * Both give few machines a large share of room and many a small one. The trap is to guess what they need: without it there
 * is no room at all, and the answer is load over capacity, rounded up.
 *
 * Sources: W. Whitt, "Understanding the efficiency of multi-server service systems", Management Science 38 (1992), for
 * R + β·√R; z, the peakedness, after W. S. Hayward in A. A. Fredericks, Bell System Technical Journal 59 (1980).
 */
import { lateShareOf } from "./erlang.ts";

export type Room =
  | {
      readonly kind: "queue";
      /** Mean time that one request is worked on. */
      readonly serviceSeconds: number;
      /** A request may wait so long for a free slot … */
      readonly waitSeconds: number;
      /** … but for this share of them, in (0, 1). */
      readonly lateShare: number;
    }
  | {
      readonly kind: "margin";
      /** Variance over mean of the requests in equal spans of `windowSeconds`: 1 by pure chance, more in bursts. */
      readonly peakedness: number;
      /** So much a queue may smooth: shorter bursts need no machine. */
      readonly windowSeconds: number;
      /** β: deviations of that count that still fit. */
      readonly deviations: number;
    };

/** More than anybody has: an absurd load must stay a number that every column can hold. */
const MOST_MACHINES = 1_000_000;

/** A load that is a multiple of the capacity up to a rounding error needs the multiple, not one more. */
const ROUNDING = 1e-9;

/**
 * @param load requests a minute; NaN where it is not known, and then so is the answer
 * @param requestsPerWorker requests a minute that one machine carries, > 0
 */
export function fewestMachines(load: number, requestsPerWorker: number, room: Room | null): number {
  if (load <= 0) return 0;
  // Unknown stays unknown.
  if (Number.isNaN(load)) return load;
  if (room?.kind === "margin") return machinesWithMargin(load, requestsPerWorker, room);
  const plain = atMostAll(load / requestsPerWorker);
  return room === null ? plain : machinesForQueue(load, requestsPerWorker, plain, room);
}

function atMostAll(machines: number): number {
  return Math.min(MOST_MACHINES, Math.max(0, Math.ceil(machines - ROUNDING)));
}

/** The count in a window has the mean R and the deviation √(z·R). */
function machinesWithMargin(
  load: number,
  requestsPerWorker: number,
  { peakedness, windowSeconds, deviations }: Extract<Room, { kind: "margin" }>,
): number {
  const window = windowSeconds / 60;
  const count = load * window;
  return atMostAll((count + deviations * Math.sqrt(peakedness * count)) / (requestsPerWorker * window));
}

/** The late share falls with each machine, so doubling steps and then halving ones find where it is small enough. */
function machinesForQueue(
  load: number,
  requestsPerWorker: number,
  plain: number,
  { serviceSeconds, waitSeconds, lateShare }: Extract<Room, { kind: "queue" }>,
): number {
  const { slots, slotSeconds } = slotsOf(requestsPerWorker, serviceSeconds);
  const erlangs = (load / 60) * slotSeconds;
  const isEnough = (machines: number) =>
    machines >= MOST_MACHINES ||
    lateShareOf(erlangs, machines * slots, slotSeconds, waitSeconds) <= lateShare;
  let low = plain;
  if (isEnough(low)) return low;
  let step = 1;
  while (!isEnough(low + step)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(MOST_MACHINES, low + step);
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Little's law, L = λ·W: a machine that carries so many requests a minute works on so many at once. That is made whole, and
 * a slot's time such that the slots together carry exactly what the machine does.
 */
function slotsOf(requestsPerWorker: number, serviceSeconds: number): { slots: number; slotSeconds: number } {
  const slots = Math.max(1, Math.round((requestsPerWorker / 60) * serviceSeconds));
  return { slots, slotSeconds: (60 * slots) / requestsPerWorker };
}
