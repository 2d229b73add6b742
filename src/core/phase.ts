/**
 * Where a machine is on its way, from tick to tick: a pure reducer over what Fly says now and what the books said before.
 *
 *   creating ──▶ starting ──▶ warming ──▶ serving ◀── need is back ──┐
 *                   ▲   (started, checks         │ our cordon        │
 *                   │    not passing yet)        └──────────────▶ draining
 *        stopped, suspended ◀── stopping ◀── drained, or waited for long enough
 *
 *   beside it: cordoned (somebody else's, left alone), failed, gone, unknown
 *
 * Fly's state decides; the books add what Fly does not tell: since when, whose cordon it is, and whether it has served since
 * its start. The trap is the last: a machine that served and then fails its checks is ill, not booting, and is never "stuck".
 */
import type { Machine, MachineState } from "./fleet.ts";
import { type Instant, MINUTE_MS } from "./time.ts";

export const PHASES = [
  "creating",
  "starting",
  "warming",
  "serving",
  "cordoned",
  "draining",
  "stopping",
  "stopped",
  "suspended",
  "failed",
  "gone",
  "unknown",
] as const;
export type Phase = (typeof PHASES)[number];

export type PhaseNow = {
  readonly name: Phase;
  /** By Fly's account where it has one, else since a tick first saw it. */
  readonly since: Instant;
  /** The cordon on it is flyahead's own. */
  readonly isOurs: boolean;
  /** It has lasted as long as it may: a boot is stuck, a machine is drained (phase-limits.ts). */
  readonly isOver?: true;
};

const PHASE_OF: Readonly<Record<MachineState, Phase>> = {
  created: "creating",
  creating: "creating",
  starting: "starting",
  restarting: "starting",
  updating: "starting",
  replacing: "starting",
  started: "serving",
  stopping: "stopping",
  suspending: "stopping",
  stopped: "stopped",
  suspended: "suspended",
  failed: "failed",
  launch_failed: "failed",
  destroying: "gone",
  destroyed: "gone",
  replaced: "gone",
  migrated: "gone",
  unknown: "unknown",
};

/** Seen for the first time so long after its start, a machine that fails its checks is ill, not booting. */
const FRESH_START_MS = 10 * MINUTE_MS;

type Seen = Pick<
  Machine,
  "state" | "health" | "hasChecks" | "cordoned" | "createdAt" | "lastAsked" | "lastBoot"
>;

/**
 * @param before as the books have it; null where the machine is new to them
 * @param cordonedAt by when our own call to cordon it, of which nobody heard yet, was made at the latest; null: there is none
 */
export function nextPhase(
  before: PhaseNow | null,
  machine: Seen,
  cordonedAt: Instant | null,
  now: Instant,
): PhaseNow {
  const isOurs = machine.cordoned && (cordonedAt !== null || before?.isOurs === true);
  const name =
    machine.state === "started" ? startedPhase(before, machine, isOurs, now) : PHASE_OF[machine.state];
  const isAnew = before !== null && (name === "serving" || isBooting(name)) && beganAnew(before, machine);
  const isSame = before?.name === name && !isAnew;
  return {
    name,
    since: isSame ? before.since : sinceOf(before, toldBy(name, machine, cordonedAt), now),
    isOurs,
  };
}

function startedPhase(before: PhaseNow | null, machine: Seen, isOurs: boolean, now: Instant): Phase {
  if (machine.cordoned) return isOurs ? "draining" : "cordoned";
  if (machine.health === "passing" || !awaitsChecks(machine)) return "serving";
  if (before === null) return now - startAskedAt(machine) < FRESH_START_MS ? "warming" : "serving";
  return hasServed(before.name) && !beganAnew(before, machine) ? "serving" : "warming";
}

function awaitsChecks({ health, hasChecks }: Seen): boolean {
  return health === "failing" || hasChecks === true;
}

/** Serving, or taken out of routing after it. */
function hasServed(phase: Phase): boolean {
  return phase === "serving" || phase === "draining" || phase === "cordoned";
}

/** Another start was asked for since: the same phase, but of another boot. */
function beganAnew({ since }: PhaseNow, { lastAsked }: Seen): boolean {
  return lastAsked?.verb === "start" && lastAsked.at > since;
}

function startAskedAt({ lastAsked, createdAt }: Seen): Instant {
  return lastAsked?.verb === "start" ? lastAsked.at : createdAt;
}

/** What Fly dates is taken from it, but never from before the last phase, nor from the future. */
function sinceOf(before: PhaseNow | null, told: Instant | null, now: Instant): Instant {
  if (before === null) return now;
  return told === null || told < before.since || told > now ? now : told;
}

function toldBy(
  name: Phase,
  { createdAt, lastAsked, lastBoot }: Seen,
  cordonedAt: Instant | null,
): Instant | null {
  switch (name) {
    case "creating":
      return createdAt;
    case "starting":
      return lastAsked?.verb === "start" ? lastAsked.at : null;
    case "warming":
      return lastBoot?.startedAt ?? null;
    case "serving":
      return lastBoot?.servingAt ?? null;
    case "draining":
      return cordonedAt;
    case "stopping":
      return lastAsked?.verb === "stop" ? lastAsked.at : null;
    default:
      return null;
  }
}

/** Out of routing by our own hand, and still running. */
export function isDraining({ phase }: Pick<Machine, "phase">): boolean {
  return phase?.name === "draining";
}

/** On its way to serve for longer than a boot may take. */
export function isStuck({ phase }: Pick<Machine, "phase">): boolean {
  return phase?.isOver === true && isBooting(phase.name);
}

export function isBooting(phase: Phase): boolean {
  return phase === "creating" || phase === "starting" || phase === "warming";
}
