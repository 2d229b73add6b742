/**
 * How long machines took from being asked for to serving, as far as ticks can tell. Fly's events tell it to the
 * millisecond (evidence "event"); a tick only sees states at its own times, so what it knows is a bound:
 *
 *   atMost    asked after the last look, and serving at this one: it took no longer than that
 *   atLeast   still on its way at a look: it took longer than that
 *
 * The trap is to take a bound for a measurement. At a cadence of 15 minutes every boot "took at most 15 minutes", and a
 * lead time learned from that would buy a quarter of an hour of machines for nothing. And to keep only the bounds that are
 * tight would keep only the quick boots. So an upper bound is told only where looks are so close that every quick boot gets
 * one; a boot seen half-way is told as a lower bound everywhere.
 */
import type { Machine, MachineState } from "../fleet.ts";
import { type Instant, MINUTE_MS, SECOND_MS } from "../time.ts";

/** Stopped and started; suspended and resumed; made anew. */
export const BOOT_PATHS = ["start", "resume", "create"] as const;
export type BootPath = (typeof BOOT_PATHS)[number];

/** From the best to the weakest. */
export const BOOT_EVIDENCE = ["event", "atMost", "atLeast"] as const;
export type BootEvidence = (typeof BOOT_EVIDENCE)[number];

export type Boot = {
  readonly machineId: string;
  readonly path: BootPath;
  readonly askedAt: Instant;
  /** When it was first known to serve. */
  readonly servingAt: Instant;
  /** From asking to serving, or the bound that `evidence` says. */
  readonly seconds: number;
  readonly evidence: BootEvidence;
};

/** A machine as the books had it. */
export type MachineBefore = { readonly id: string; readonly state: MachineState; readonly seenAt: Instant };
/** What was asked for and not heard of since: the only one who knows a create by its name. */
export type BootIntent = {
  readonly action:
    | {
        readonly kind: "start" | "stop" | "suspend" | "cordon" | "uncordon" | "destroy";
        readonly machineId: string;
      }
    | { readonly kind: "create"; readonly machineName: string };
  readonly openedAt: Instant;
};

/** Looks no further apart than this bound any boot well enough: a cadence of one minute, and a tick that ran late. */
const CLOSE_LOOKS_MS = 1.5 * MINUTE_MS;
/** A start asked this soon after the machine was made is a part of its making. */
const MADE_AND_STARTED_MS = 30 * SECOND_MS;
/** Fly's clock and ours need not agree to the second. */
const CLOCKS_APART_MS = MINUTE_MS;
const ON_ITS_WAY: ReadonlySet<MachineState> = new Set(["created", "creating", "starting"]);

/**
 * Boots that ended between the last look and `now`, each told once.
 * @param before the pool's machines as the books have them
 * @param machines as Fly lists them at `now`
 * @param intents whose outcome nobody heard yet
 * @param lookedAt when the last tick read the pool's machines; null where none did
 */
export function bootsOf(
  before: readonly MachineBefore[],
  machines: readonly Machine[],
  intents: readonly BootIntent[],
  lookedAt: Instant | null,
  now: Instant,
): Boot[] {
  if (lookedAt === null || lookedAt >= now) return [];
  const known = new Map(before.map((machine) => [machine.id, machine]));
  return machines.flatMap((machine) => {
    if (machine.state !== "started" || machine.health === "failing" || machine.cordoned) return [];
    const was = known.get(machine.id);
    const askedAt = askedAtOf(machine, intents);
    if (askedAt === null || askedAt >= now) return [];
    const told = toldBoot(machine, askedAt, lookedAt, now);
    if (told !== null) return told;
    const bound = boundOf(askedAt, was, lookedAt, now);
    if (bound === null) return [];
    return [
      { machineId: machine.id, path: pathOf(machine, was, askedAt), askedAt, servingAt: now, ...bound },
    ];
  });
}

/**
 * What Fly's events measured: a boot that ended since the last look, or none, where it was told of before; null where they
 * measured nothing. The clocks may be apart, and to tell one twice does no harm.
 */
function toldBoot(
  { id, lastBoot }: Machine,
  askedAt: Instant,
  lookedAt: Instant,
  now: Instant,
): Boot[] | null {
  if (lastBoot === undefined || lastBoot.servingAt === null || lastBoot.askedAt !== askedAt) return null;
  const { path, servingAt } = lastBoot;
  if (servingAt < askedAt || servingAt > now + CLOCKS_APART_MS) return null;
  if (servingAt <= lookedAt - CLOCKS_APART_MS) return [];
  const seconds = (servingAt - askedAt) / SECOND_MS;
  return [{ machineId: id, path, askedAt, servingAt, seconds, evidence: "event" }];
}

/** By Fly's own account; else by ours: the intent that asked for it, or the machine's making. */
function askedAtOf(
  { id, name, lastAsked, createdAt }: Machine,
  intents: readonly BootIntent[],
): Instant | null {
  if (lastAsked?.verb === "start") return lastAsked.at;
  if (lastAsked !== null) return null;
  const intent = intents.find(({ action }) =>
    action.kind === "create"
      ? action.machineName === name
      : action.kind === "start" && action.machineId === id,
  );
  return intent?.openedAt ?? (createdAt > 0 ? createdAt : null);
}

function boundOf(
  askedAt: Instant,
  was: MachineBefore | undefined,
  lookedAt: Instant,
  now: Instant,
): Pick<Boot, "seconds" | "evidence"> | null {
  const seenOnItsWay = was !== undefined && ON_ITS_WAY.has(was.state) && was.seenAt > askedAt;
  if (seenOnItsWay) return { seconds: (was.seenAt - askedAt) / SECOND_MS, evidence: "atLeast" };
  // Asked before the last look, and not on its way then: it served then already, and was told of.
  if (askedAt <= lookedAt || now - lookedAt > CLOSE_LOOKS_MS) return null;
  return { seconds: (now - askedAt) / SECOND_MS, evidence: "atMost" };
}

/** The books say "started" of what we started ourselves, whatever it was before: then it is taken for a stopped one. */
function pathOf({ createdAt }: Machine, was: MachineBefore | undefined, askedAt: Instant): BootPath {
  if (Math.abs(askedAt - createdAt) <= MADE_AND_STARTED_MS) return "create";
  return was?.state === "suspended" || was?.state === "suspending" ? "resume" : "start";
}
