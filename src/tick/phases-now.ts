/**
 * The phase of each of a pool's machines at this look, put into the machine itself: from here on the decision, its record and
 * the books all see the same. A cordon whose outcome nobody heard is known by its intent.
 */
import type { Machine } from "../core/fleet.ts";
import { nextPhase } from "../core/phase.ts";
import { judgePhase, type PhaseTerms } from "../core/phase-limits.ts";
import { type Instant, SECOND_MS } from "../core/time.ts";
import type { KnownMachine, PoolMemory } from "../ports.ts";

/** A tick calls Fly until its deadline, and not as long as its lease. */
const CALLS_END_MS = 150 * SECOND_MS;

/** @param memory null where the pool is new: then every phase begins now */
export function withPhases(
  memory: Pick<PoolMemory, "machines" | "openIntents"> | null,
  machines: readonly Machine[],
  terms: PhaseTerms,
  now: Instant,
): Machine[] {
  const known = new Map<string, KnownMachine>(memory?.machines.map((machine) => [machine.id, machine]));
  const cordons = new Map(
    memory?.openIntents.flatMap(({ action, openedAt }) =>
      action.kind === "cordon" ? [[action.machineId, Math.min(now, openedAt + CALLS_END_MS)] as const] : [],
    ),
  );
  return machines.map((machine) => {
    const before = known.get(machine.id)?.phase ?? null;
    const phase = nextPhase(before, machine, cordons.get(machine.id) ?? null, now);
    return { ...machine, phase: judgePhase(machine, phase, terms, now) };
  });
}
