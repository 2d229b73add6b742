/**
 * A machine that stands otherwise than the last tick left it, and whose newest event was caused by a user, was moved by
 * a person (or a person's script). The pool is then kept as that person left it, for a while.
 *
 * The trap: our own calls are "user" events too. They are in the books when their outcome is known, and an intent that is
 * still open, or was resolved just now, explains its machine. Machines that appear or vanish are no override: a deploy
 * does both. Nor is a crash: its event is the platform's.
 */
import { activeCount, isActive, isStartable, type Machine } from "../core/fleet.ts";
import type { Override } from "../core/observation.ts";
import type { Instant } from "../core/time.ts";
import type { KnownMachine } from "../ports.ts";

export function detectOverride(
  known: readonly KnownMachine[],
  machines: readonly Machine[],
  explained: ReadonlySet<string>,
  overrideSeconds: number,
  now: Instant,
): Override | null {
  if (overrideSeconds === 0) return null;
  const before = new Map(known.map(({ id, state }) => [id, state]));
  for (const machine of machines) {
    const state = before.get(machine.id);
    if (state === undefined || explained.has(machine.id) || machine.lastEventBy !== "user") continue;
    const stopped = state === "started" && isStartable(machine);
    const started = (state === "stopped" || state === "suspended") && isActive(machine);
    if (!stopped && !started) continue;
    return {
      machineId: machine.id,
      seenAt: now,
      until: now + overrideSeconds * 1_000,
      workers: activeCount(machines),
      what: `machine ${machine.id} was ${stopped ? "stopped" : "started"} by hand`,
    };
  }
  return null;
}
