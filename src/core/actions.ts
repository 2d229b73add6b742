/**
 * Step 7: which machines. Starting a stopped machine takes under a second and cannot fail for a name or an image, so
 * stopped ones are used up before any is created. A failed machine may stand on a bad host, or its image may be broken:
 * the first few are replaced by new ones, and with more of them the image is to blame and they are tried again instead,
 * lest every tick leaves another wreck. A stopped machine whose host had no room lately is left out, and one of an older
 * release is started last and never cloned while there is a newer one. Stopped first when shrinking: failing ones, those of an
 * older release, those that do not pass their checks yet and so carry least, then the newest, so that the oldest, the best
 * known, stays; never the pinned one, and never the last that passes its checks. Machines that an earlier tick took out of
 * routing come first when growing: one call, and they serve again. Others that are cordoned are somebody else's: neither
 * counted nor touched.
 *
 * A create carries a name made of pool, slot, attempt and ordinal. Fly refuses a second machine of one name, so a create
 * whose answer was lost is looked up by its name before it is tried again, and can never happen twice.
 */
import type { Decision } from "./decide.ts";
import { isActive, isResting, type Machine, type PoolKey } from "./fleet.ts";
import { fnv1a } from "./hash.ts";
import type { FlyNow } from "./observation.ts";
import { isDraining } from "./phase.ts";
import { finishResting, type RestTerms, restActions, STOP_AT_ONCE } from "./rest.ts";
import type { Instant } from "./time.ts";
import { MINUTE_MS } from "./time.ts";

export type Action =
  /**
   * `insteadOf`: only once that machine is stopped, or there would be one too many (replace.ts). `minRunning`: Fly Proxy's
   * min_machines_running, set before the start where it is another (fly-proxy.ts).
   */
  | {
      readonly kind: "start";
      readonly machineId: string;
      readonly insteadOf?: string;
      readonly minRunning?: number;
    }
  /** `because`: it is no shrinking, another takes its place. */
  | { readonly kind: "stop"; readonly machineId: string; readonly because?: "stuck" }
  | { readonly kind: "suspend"; readonly machineId: string }
  /** Out of Fly Proxy's routing; what stops it in the same tick waits so long (rest.ts). */
  | { readonly kind: "cordon"; readonly machineId: string; readonly drainSeconds: number }
  | { readonly kind: "uncordon"; readonly machineId: string }
  /** For good (keep-created.ts). */
  | { readonly kind: "destroy"; readonly machineId: string }
  /** A clone of `templateId`, in the pool's region and group; `minRunning` in place of the template's. */
  | {
      readonly kind: "create";
      readonly machineName: string;
      readonly templateId: string;
      readonly insteadOf?: string;
      readonly minRunning?: number;
    };

export type TickSlot = { readonly slot: Instant; readonly attempt: number };

/** What is known of Fly that makes some machines a worse choice than others. */
export type Reservations = Pick<FlyNow, "noRoom" | "outdated">;
const NONE: Reservations = { noRoom: [], outdated: [] };

/** @param mayFinish whether what earlier ticks began may be brought to its end: no rule keeps the pool as it is */
export function planActions(
  decision: Decision,
  pool: PoolKey,
  machines: readonly Machine[],
  pinnedMachineId: string | null,
  tick: TickSlot,
  reservations: Reservations = NONE,
  terms: RestTerms = STOP_AT_ONCE,
  mayFinish = false,
): Action[] {
  const { kind, from, to } = decision;
  const back =
    kind === "grow"
      ? machines
          .filter(isDraining)
          .sort(oldestFirst)
          .slice(0, to - from)
      : [];
  const taken = new Set(back.map(({ id }) => id));
  return [
    ...back.map(({ id }): Action => ({ kind: "uncordon", machineId: id })),
    ...(kind === "grow" ? planGrowth(to - from - back.length, pool, machines, tick, reservations) : []),
    ...(kind === "shrink"
      ? shrinkBy(from - to, machines, pinnedMachineId, new Set(reservations.outdated), terms)
      : []),
    ...(mayFinish ? finishResting(machines, pinnedMachineId, taken, terms) : []),
  ];
}

/** So many failed machines are replaced before they are tried again. */
const REPLACED_FAILURES = 3;

/** Up to `count` starts and creates; fewer where there is nothing to start and no room. */
export function planGrowth(
  count: number,
  pool: PoolKey,
  machines: readonly Machine[],
  tick: TickSlot,
  { noRoom, outdated }: Reservations = NONE,
): Action[] {
  const stuck = new Set(noRoom.map(({ machineId }) => machineId));
  const currentFirst = byRelease(new Set(outdated));
  const failed = machines.filter(isFailed);
  const tryAgain = failed.length >= REPLACED_FAILURES ? failed.sort(oldestFirst) : [];
  const resting = machines
    .filter((machine) => isResting(machine) && !stuck.has(machine.id))
    .sort((a, b) => currentFirst(a, b) || healthiestOldestFirst(a, b));
  const starts = [...resting, ...tryAgain].slice(0, count);
  const template = machines
    .filter(isTemplate)
    .sort((a, b) => currentFirst(a, b) || bestTemplateFirst(a, b))[0];
  const mayCreate = template !== undefined && tryAgain.length === 0 && !stuck.has(null);
  return [
    ...starts.map((machine): Action => ({ kind: "start", machineId: machine.id })),
    ...Array.from({ length: mayCreate ? count - starts.length : 0 }, (_, ordinal): Action => {
      return { kind: "create", machineName: machineName(pool, tick, ordinal), templateId: template!.id };
    }),
  ];
}

function isFailed({ state, cordoned }: Machine): boolean {
  return state === "failed" && !cordoned;
}

function isTemplate(machine: Machine): boolean {
  return isActive(machine) || isResting(machine) || isFailed(machine);
}

function shrinkBy(
  count: number,
  machines: readonly Machine[],
  pinnedMachineId: string | null,
  outdated: ReadonlySet<string>,
  terms: RestTerms,
): Action[] {
  const active = machines.filter(isActive);
  const stays = keepers(active, pinnedMachineId, active.length - count, outdated);
  return active
    .filter((machine) => !stays.has(machine.id))
    .sort((a, b) => leastMissedFirst(a, b, outdated))
    .slice(0, count)
    .flatMap((machine) => restActions(machine, terms));
}

/** The pinned machine, and where anything at all is to stay, one that passes its checks. */
function keepers(
  active: readonly Machine[],
  pinnedMachineId: string | null,
  remaining: number,
  outdated: ReadonlySet<string>,
): Set<string> {
  const pinned = active.find(({ id }) => id === pinnedMachineId);
  const stays = new Set(pinned ? [pinned.id] : []);
  if (remaining === 0 || pinned?.health === "passing") return stays;
  const currentFirst = byRelease(outdated);
  const healthy = active
    .filter(({ health }) => health === "passing")
    .sort((a, b) => currentFirst(a, b) || oldestFirst(a, b))[0];
  // One place, and the pinned machine takes it, whatever its checks say.
  if (healthy && stays.size < remaining) stays.add(healthy.id);
  return stays;
}

/** As much of the group's name as fits; what is lost in cutting and cleaning is made up for by a hash of the whole. */
const GROUP_LETTERS = 20;

/** Unique within an app, the same for the same tick, at most 63 characters: "fa-web-fra-mc8w2o-1-0". */
export function machineName(
  { processGroup, region }: PoolKey,
  { slot, attempt }: TickSlot,
  ordinal: number,
): string {
  const clean = processGroup
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, GROUP_LETTERS);
  const group = clean === processGroup ? clean : `${clean}-${fnv1a(processGroup).toString(36)}`;
  return `fa-${group}-${region}-${(slot / MINUTE_MS).toString(36)}-${attempt}-${ordinal}`;
}

/** True for names as machineName makes them. */
export function isOurName(name: string): boolean {
  return /^fa-.+-[0-9a-z]+-\d+-\d+$/.test(name);
}

/** A running machine knows that its configuration works. */
function bestTemplateFirst(a: Machine, b: Machine): number {
  return Number(isActive(b)) - Number(isActive(a)) || healthiestOldestFirst(a, b);
}

function healthiestOldestFirst(a: Machine, b: Machine): number {
  return Number(isIll(a)) - Number(isIll(b)) || oldestFirst(a, b);
}

function leastMissedFirst(a: Machine, b: Machine, outdated: ReadonlySet<string>): number {
  const isNew = ({ state, health }: Machine) => Number(state !== "started" || health !== "passing");
  return (
    Number(isIll(b)) - Number(isIll(a)) ||
    byRelease(outdated)(b, a) ||
    isNew(b) - isNew(a) ||
    oldestFirst(b, a)
  );
}

/** Machines of the newest release before those that it left behind. */
function byRelease(outdated: ReadonlySet<string>): (a: Machine, b: Machine) => number {
  return (a, b) => Number(outdated.has(a.id)) - Number(outdated.has(b.id));
}

function isIll(machine: Machine): boolean {
  return machine.health === "failing" || isFailed(machine);
}

/** Ties by id: the same machines in any order give the same actions. */
function oldestFirst(a: Machine, b: Machine): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
