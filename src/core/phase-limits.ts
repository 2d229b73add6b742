/**
 * How long a phase may last. A boot is stuck after what its path was measured to take (capacity/lead-time.ts). A machine is
 * drained when its time is over, or when nothing was in flight in a whole minute after its cordon.
 */
import type { BootStats } from "./capacity/boot-stats.ts";
import type { BootPath } from "./capacity/boots.ts";
import { type BootLeads, bootLeads } from "./capacity/lead-time.ts";
import type { Machine } from "./fleet.ts";
import { isBooting, type PhaseNow } from "./phase.ts";
import { type Instant, SECOND_MS } from "./time.ts";

export type PhaseTerms = {
  readonly leads: BootLeads;
  readonly drainSeconds: number;
  /** Ids of machines that had nothing in flight in a whole bin, by when that bin began. */
  readonly idleSince: ReadonlyMap<string, Instant>;
};

export function phaseTerms(
  stats: readonly BootStats[],
  drainSeconds: number,
  idleSince: PhaseTerms["idleSince"] = new Map(),
): PhaseTerms {
  return { leads: bootLeads(stats), drainSeconds, idleSince };
}

/** The phase, marked where it has lasted as long as it may. */
export function judgePhase(machine: Machine, phase: PhaseNow, terms: PhaseTerms, now: Instant): PhaseNow {
  return isOver(machine, phase, terms, now) ? { ...phase, isOver: true } : phase;
}

function isOver(machine: Machine, { name, since }: PhaseNow, terms: PhaseTerms, now: Instant): boolean {
  const seconds = (now - since) / SECOND_MS;
  if (name === "draining") {
    const idleSince = terms.idleSince.get(machine.id);
    return seconds >= terms.drainSeconds || (idleSince !== undefined && idleSince >= since);
  }
  return isBooting(name) && seconds > terms.leads[pathOf(machine, name)].stuckSeconds;
}

/** A machine that is made anew takes longer than one that is started, in each of its phases. */
function pathOf({ lastBoot, lastAsked, createdAt }: Machine, name: PhaseNow["name"]): BootPath {
  const wasOnlyMade = lastAsked === null || lastAsked.at - createdAt < 30 * SECOND_MS;
  if (name === "creating" || wasOnlyMade) return "create";
  return lastBoot?.path ?? "start";
}
