/**
 * The phase of each of a pool's machines at this look, put into the machine itself: from here on the decision, its record and
 * the books all see the same. A cordon whose outcome nobody heard is known by its intent.
 */
import type { Machine } from "../core/fleet.ts";
import { nextPhase } from "../core/phase.ts";
import { judgePhase, type PhaseTerms } from "../core/phase-limits.ts";
import type { Instant } from "../core/time.ts";
import type { KnownMachine, PoolMemory } from "../ports.ts";

/** @param memory null where the pool is new: then every phase begins now */
export function withPhases(
  memory: Pick<PoolMemory, "machines" | "openIntents"> | null,
  machines: readonly Machine[],
  terms: PhaseTerms,
  now: Instant,
): Machine[] {
  const known = new Map<string, KnownMachine>(memory?.machines.map((machine) => [machine.id, machine]));
  const cordons = new Set(
    memory?.openIntents.flatMap(({ action }) => (action.kind === "cordon" ? [action.machineId] : [])),
  );
  return machines.map((machine) => {
    const before = known.get(machine.id)?.phase ?? null;
    const phase = nextPhase(before, machine, cordons.has(machine.id), now);
    return { ...machine, phase: judgePhase(machine, phase, terms, now) };
  });
}
