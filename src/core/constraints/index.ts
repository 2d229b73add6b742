/**
 * The rules in their one written order, strongest first. What keeps a pool as it is comes before what moves it: without
 * knowing the machines, during a freeze, or where Fly has no room, not even the bounds are repaired. Schedule, budget, flap budget and
 * steps have their places marked.
 */
import { clamp } from "../clamp.ts";
import type { Observation } from "../observation.ts";
import { bounds } from "./bounds.ts";
import type { Bite, Constraint, Proposal } from "./constraint.ts";
import { cooldown } from "./cooldown.ts";
import { deployLock } from "./deploy-lock.ts";
import { freeze } from "./freeze.ts";
import { manualOverride } from "./manual-override.ts";
import { noRoom } from "./no-room.ts";
import { pinnedPrimary } from "./pinned-primary.ts";
import { stabilisation } from "./stabilisation.ts";
import { staleData } from "./stale-data.ts";
import { unknownMachines } from "./unknown-machines.ts";

export const CONSTRAINTS: readonly Constraint[] = [
  unknownMachines,
  freeze,
  deployLock,
  noRoom,
  staleData,
  pinnedPrimary,
  bounds,
  manualOverride,
  // schedule, budget, flap budget, steps
  stabilisation,
  cooldown,
];

/** Takes the proposal through every rule and keeps each bite, in order. */
export function applyConstraints(
  { from, to }: Proposal,
  observation: Observation,
): { to: number; bites: Bite[] } {
  const bites: Bite[] = [];
  let allowed = { low: 0, high: Number.POSITIVE_INFINITY };
  let number = to;
  for (const { name, limit } of CONSTRAINTS) {
    const limits = limit(observation, from);
    if (limits === null) continue;
    allowed = {
      low: clamp(limits.low ?? allowed.low, allowed.low, allowed.high),
      high: clamp(limits.high ?? allowed.high, allowed.low, allowed.high),
    };
    const limited = clamp(number, allowed.low, allowed.high);
    if (limited !== number) bites.push({ name, from: number, to: limited, why: limits.why });
    number = limited;
  }
  return { to: number, bites };
}
