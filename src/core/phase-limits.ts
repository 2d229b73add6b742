/**
 * How long a phase may last. A boot is stuck after twice the P99 of the measured ones; while few are measured, after what Fly
 * itself calls stuck (five minutes), and in no case later than an hour. A machine is drained when its time is over, or when
 * nothing was in flight in a whole minute after its cordon.
 *
 * The trap is a limit learned from few boots: ten quick ones say nothing about the image that warms its cache for a minute.
 */
import type { BootStats } from "./capacity/boot-stats.ts";
import type { BootPath } from "./capacity/boots.ts";
import { type BootLead, type BootLeads, bootLeads } from "./capacity/lead-time.ts";
import type { Machine } from "./fleet.ts";
import { isBooting, type PhaseNow } from "./phase.ts";
import { type Instant, SECOND_MS } from "./time.ts";

/** Fly calls starting and stopping stuck after 5 minutes (fly.io/docs/machines/machine-states). */
const UNMEASURED_SECONDS = 300;
const LEAST_SECONDS = 60;
const MOST_SECONDS = 3_600;

/** @returns after so many seconds a boot counts as stuck */
export function stuckAfterSeconds({
  source,
  stuckSeconds,
}: Pick<BootLead, "source" | "stuckSeconds">): number {
  const floor = source === "measured" ? LEAST_SECONDS : UNMEASURED_SECONDS;
  return Math.min(MOST_SECONDS, Math.max(floor, stuckSeconds));
}

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
  return isBooting(name) && seconds > stuckAfterSeconds(terms.leads[pathOf(machine, name)]);
}

/** A machine that is made anew takes longer than one that is started, in each of its phases. */
function pathOf({ lastBoot, lastAsked, createdAt }: Machine, name: PhaseNow["name"]): BootPath {
  const wasOnlyMade = lastAsked === null || lastAsked.at - createdAt < 30 * SECOND_MS;
  if (name === "creating" || wasOnlyMade) return "create";
  return lastBoot?.path ?? "start";
}
