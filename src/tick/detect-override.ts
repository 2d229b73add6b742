/**
 * A machine that stands otherwise than the last tick left it, because a user asked for that since, was moved by a person
 * (or a person's script). The pool is then kept as that person left it, for a while.
 *
 * The trap: our own calls are a user's too. They are in the books when their outcome is known, and an intent that is
 * still open, or was resolved just now, explains its machine. Machines that appear or vanish are no override: a deploy
 * does both. Nor is a crash: nobody asked for it.
 */
import { activeCount, isActive, isResting, type Machine } from "../core/fleet.ts";
import type { Override } from "../core/observation.ts";
import { type Instant, MINUTE_MS } from "../core/time.ts";
import type { KnownMachine } from "../ports.ts";

/** Fly's clock and ours need not agree to the second. */
const CLOCKS_APART_MS = MINUTE_MS;

export function detectOverride(
  known: readonly KnownMachine[],
  machines: readonly Machine[],
  explained: ReadonlySet<string>,
  overrideSeconds: number,
  now: Instant,
): Override | null {
  if (overrideSeconds === 0) return null;
  const before = new Map(known.map((one) => [one.id, one]));
  for (const machine of machines) {
    const books = before.get(machine.id);
    if (books === undefined || explained.has(machine.id)) continue;
    const verb = movedBy(books, machine);
    if (verb === null || !askedByUser(machine, verb, books.seenAt)) continue;
    return {
      machineId: machine.id,
      seenAt: now,
      until: now + overrideSeconds * 1_000,
      workers: activeCount(machines),
      what: `machine ${machine.id} was ${verb === "stop" ? "stopped" : "started"} by hand`,
    };
  }
  return null;
}

function movedBy({ state }: KnownMachine, machine: Machine): "start" | "stop" | null {
  if (state === "started" && isResting(machine)) return "stop";
  if ((state === "stopped" || state === "suspended") && isActive(machine)) return "start";
  return null;
}

function askedByUser({ lastAsked }: Machine, verb: "start" | "stop", since: Instant): boolean {
  return lastAsked?.verb === verb && lastAsked.by === "user" && lastAsked.at > since - CLOCKS_APART_MS;
}
