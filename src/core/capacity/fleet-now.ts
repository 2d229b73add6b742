/**
 * What serves at this moment, and when the rest of what was asked for will. A booting machine is counted once: it carries
 * nothing yet, and asking for another in its place would pay twice. `serving + bootingUntil.length` is always
 * `activeCount(machines)`, so nothing is lost between the two.
 *
 * The traps: "started" is the kernel's word, not the app's, so a machine asked to start less than a lead time ago serves
 * only if its checks pass, and one that a tick knows to be warming until they do. And a boot that is late is not "any moment now": boot times have a long tail, in which the best
 * guess for what remains is what has already gone by. A stuck machine thus moves out of every window by itself.
 */
import { isActive, type Machine } from "../fleet.ts";
import type { Instant } from "../time.ts";

export type FleetNow = {
  /** Machines that carry load at `now`. */
  readonly serving: number;
  /** For each active machine that does not, when it will; ascending, all after `now`. */
  readonly bootingUntil: readonly Instant[];
};

/**
 * Splits the active machines of a pool.
 * @param leadMs from asking for a machine to its serving
 */
export function fleetNow(machines: readonly Machine[], leadMs: number, now: Instant): FleetNow {
  const { serving, booting } = fleetAt(machines, () => leadMs, now);
  return { serving, bootingUntil: booting.map(({ servesAt }) => servesAt) };
}

export type BootingMachine = {
  readonly machineId: string;
  readonly servesAt: Instant;
  /** It has taken longer than its lead time; `servesAt` is a guess. */
  readonly isLate: boolean;
};

/** As {@link fleetNow}, with a lead time of its own for each machine, and by name. */
export function fleetAt(
  machines: readonly Machine[],
  leadMsOf: (machine: Machine) => number,
  now: Instant,
): { readonly serving: number; readonly booting: readonly BootingMachine[] } {
  const active = machines.filter(isActive);
  const booting = active.flatMap((machine) => bootOf(machine, leadMsOf(machine), now));
  booting.sort((a, b) => a.servesAt - b.servesAt || (a.machineId < b.machineId ? -1 : 1));
  return { serving: active.length - booting.length, booting };
}

/** Fly's clock may run ahead of ours; a machine from the future is one of this moment. */
function bootOf(machine: Machine, leadMs: number, now: Instant): BootingMachine[] {
  const askedAt = Math.min(now, askedToServeAt(machine) ?? now);
  const dueAt = askedAt + leadMs;
  const isLate = dueAt <= now;
  const isWarming = machine.phase?.name === "warming";
  if (machine.state === "started" && ((isLate && !isWarming) || machine.health === "passing")) return [];
  return [{ machineId: machine.id, servesAt: isLate ? lateGuess(askedAt, leadMs, now) : dueAt, isLate }];
}

/**
 * The newest start that Fly tells of, or the creation, which starts a machine too. null where a machine that once stood is
 * on its way again and nobody tells since when (the platform itself restarts what crashed).
 */
function askedToServeAt({ lastAsked, createdAt, state }: Machine): Instant | null {
  if (lastAsked?.verb === "start") return Math.max(lastAsked.at, createdAt);
  return state === "started" || state === "created" || state === "creating" ? createdAt : null;
}

/** For the tail P(T > t) ∝ 1/t the median of what remains is the age. At least a lead time: also where that is zero. */
function lateGuess(askedAt: Instant, leadMs: number, now: Instant): Instant {
  return now + Math.max(now - askedAt, leadMs, 1);
}
