/**
 * The written order. A rule sees what the rules before it left; so a freeze outranks the bounds, and the cooldown has
 * the last word on shrinking. Deploy lock, schedule, budget, flap budget and steps have their places marked here.
 */

import type { Observation } from "../observation.ts";
import { bounds } from "./bounds.ts";
import type { Bite, Constraint, Proposal } from "./constraint.ts";
import { cooldown } from "./cooldown.ts";
import { freeze } from "./freeze.ts";
import { manualOverride } from "./manual-override.ts";
import { pinnedPrimary } from "./pinned-primary.ts";
import { stabilisation } from "./stabilisation.ts";
import { staleData } from "./stale-data.ts";

export const CONSTRAINTS: readonly Constraint[] = [
  bounds,
  pinnedPrimary,
  freeze,
  // deploy lock
  staleData,
  manualOverride,
  // schedule, budget, flap budget, steps
  stabilisation,
  cooldown,
];

/** Takes the proposal through every rule and keeps each bite, in order. */
export function applyConstraints(
  proposal: Proposal,
  observation: Observation,
): { to: number; bites: Bite[] } {
  const bites: Bite[] = [];
  let to = proposal.to;
  for (const { name, apply } of CONSTRAINTS) {
    const verdict = apply({ from: proposal.from, to }, observation);
    if (verdict === null) continue;
    bites.push({ name, from: to, to: verdict.to, why: verdict.why });
    to = verdict.to;
  }
  return { to, bites };
}
