/**
 * The rules in their one written order, strongest first. What keeps a pool as it is comes before what moves it: without
 * knowing the machines, during a freeze, or where Fly has no room, not even the bounds are repaired. docs/rules.md has the table.
 */
import { clamp } from "../clamp.ts";
import type { Observation } from "../observation.ts";
import { bounds } from "./bounds.ts";
import { budget } from "./budget.ts";
import { cap } from "./cap.ts";
import { type Bite, type Constraint, type Outlook, type Proposal, UNKNOWN_OUTLOOK } from "./constraint.ts";
import { cooldown } from "./cooldown.ts";
import { deployLock } from "./deploy-lock.ts";
import { flapBudget } from "./flap-budget.ts";
import { freeze } from "./freeze.ts";
import { lowConfidence } from "./low-confidence.ts";
import { manualOverride } from "./manual-override.ts";
import { noRoom } from "./no-room.ts";
import { pinnedPrimary } from "./pinned-primary.ts";
import { schedule } from "./schedule.ts";
import { shrinkBand } from "./shrink-band.ts";
import { stabilisation } from "./stabilisation.ts";
import { staleData } from "./stale-data.ts";
import { steps } from "./steps.ts";
import { unknownMachines } from "./unknown-machines.ts";
import { zero } from "./zero.ts";

export const CONSTRAINTS: readonly Constraint[] = [
  unknownMachines,
  freeze,
  deployLock,
  noRoom,
  staleData,
  pinnedPrimary,
  bounds,
  manualOverride,
  schedule,
  cap,
  budget,
  flapBudget,
  steps,
  lowConfidence,
  stabilisation,
  cooldown,
  shrinkBand,
  zero,
];

/** Rules under which nothing at all is tidied up, whatever the number. */
const LOCKS: readonly Constraint[] = [unknownMachines, freeze, deployLock, noRoom, staleData, manualOverride];

/** Takes the proposal through every rule and keeps each bite, in order. */
export function applyConstraints(
  { from, to }: Proposal,
  observation: Observation,
  outlook: Outlook = UNKNOWN_OUTLOOK,
): { to: number; bites: Bite[] } {
  const bites: Bite[] = [];
  let allowed = { low: 0, high: Number.POSITIVE_INFINITY };
  let number = to;
  for (const { name, limit } of CONSTRAINTS) {
    const limits = limit(observation, { ...outlook, from, to: number });
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

/** Whether any rule keeps the pool as it is now. */
export function isLocked(observation: Observation, from: number): boolean {
  return LOCKS.some(({ limit }) => limit(observation, { ...UNKNOWN_OUTLOOK, from, to: from }) !== null);
}
