/**
 * Timers in order of time: a binary heap, so that thousands of pending boots cost nothing to a long sleep.
 *
 * Two timers of the same instant fire in the order in which they were set; without that rule the log would depend
 * on the heap's shape, and two equal runs could differ.
 */
export type Timer = { at: number; order: number; machineId: string; epoch: number };

export type Queue = { timers: Timer[]; set: number };

export function createQueue(): Queue {
  return { timers: [], set: 0 };
}

/** Sets a timer at `at` (ms since the epoch) for one plan of one machine. */
export function pushTimer(queue: Queue, at: number, machineId: string, epoch: number): void {
  const { timers } = queue;
  timers.push({ at, order: queue.set++, machineId, epoch });
  for (let i = timers.length - 1; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (!before(timers[i]!, timers[parent]!)) return;
    swap(timers, i, parent);
    i = parent;
  }
}

/** Instant of the next timer; Infinity when there is none. */
export function nextTimerAt(queue: Queue): number {
  return queue.timers[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** Takes the next timer out. */
export function popTimer(queue: Queue): Timer | undefined {
  const { timers } = queue;
  const first = timers[0];
  const last = timers.pop();
  if (timers.length === 0 || last === undefined) return first;
  timers[0] = last;
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    if (left >= timers.length) return first;
    const right = left + 1;
    const child = right < timers.length && before(timers[right]!, timers[left]!) ? right : left;
    if (!before(timers[child]!, timers[i]!)) return first;
    swap(timers, i, child);
    i = child;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap(timers: Timer[], i: number, j: number): void {
  const held = timers[i]!;
  timers[i] = timers[j]!;
  timers[j] = held;
}
