/**
 * The virtual clock: the only place where time passes.
 *
 * Time jumps from one thing that happens to the next: a machine's step or the end of a ledger minute, whichever is
 * sooner; nothing is polled. A timer at the very end of a minute fires before the minute is closed, which changes
 * no count: it had no time to.
 */
import { closeMinute, MINUTE_MS } from "./ledger.ts";
import { takeStep } from "./life.ts";
import type { Instant } from "./options.ts";
import { nextTimerAt, popTimer } from "./queue.ts";
import type { World } from "./world.ts";

/** Moves the clock to `to`; throws RangeError when that is in the past or no number. */
export function advanceTo(world: World, to: Instant): void {
  if (!(to >= world.now) || !Number.isFinite(to)) {
    throw new RangeError(`the clock cannot go to ${to}: it stands at ${world.now} and only runs forward`);
  }
  advanceUntil(world, to, () => false);
}

/** Moves the clock until `isReached` says yes or to `limit`; tells whether it was reached. */
export function advanceUntil(world: World, limit: Instant, isReached: () => boolean): boolean {
  while (!isReached()) {
    const timerAt = nextTimerAt(world.queue);
    const minuteEnd = world.minuteStart + MINUTE_MS;
    const at = Math.min(timerAt, minuteEnd);
    if (at > limit) {
      world.now = limit;
      return isReached();
    }
    world.now = at;
    if (timerAt <= minuteEnd) stepOnce(world);
    else closeMinute(world);
  }
  return true;
}

function stepOnce(world: World): void {
  const timer = popTimer(world.queue);
  if (timer !== undefined) takeStep(world, timer.machineId, timer.epoch);
}
