/**
 * Which lead time a decision plans with: the slowest of the ways that are open to it, where enough boots were measured to
 * know it, and what the owner said (LEAD_SECONDS) where not.
 *
 * The trap is a lead that few slow boots raised: it may stand far above what was assumed for a start and still below what
 * the owner said, who may know better. So such a one only ever raises.
 */
import { isResting, type Machine } from "../fleet.ts";
import type { BootStats } from "./boot-stats.ts";
import type { BootPath } from "./boots.ts";
import { type BootLead, bootLeads, slowestLead } from "./lead-time.ts";

/**
 * The lead that measured boots give, or null where the owner's counts.
 * @param stats of this pool; empty where nothing was measured
 * @param machines of this pool; null where they could not be read
 * @param ownerSeconds what the owner said
 */
export function learnedLead(
  stats: readonly BootStats[],
  machines: readonly Machine[] | null,
  ownerSeconds: number,
): BootLead | null {
  if (stats.length === 0 || machines === null) return null;
  const lead = slowestLead(bootLeads(stats), openPaths(machines));
  if (lead.source === "prior") return null;
  return lead.source === "raised" && lead.p95Seconds <= ownerSeconds ? null : lead;
}

/** Resting machines are started before new ones are made. */
export function openPaths(machines: readonly Machine[]): BootPath[] {
  const resting = machines.filter(isResting);
  if (resting.length === 0) return ["create"];
  const hasOne = (state: Machine["state"]) => resting.some((machine) => machine.state === state);
  return [
    ...(hasOne("stopped") ? ["start" as const] : []),
    ...(hasOne("suspended") ? ["resume" as const] : []),
  ];
}
