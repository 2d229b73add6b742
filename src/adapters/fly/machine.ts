/**
 * A machine in Fly's form becomes a Machine of core.
 *
 * Traps: the process group is metadata with two spellings; a machine with neither group nor platform version is
 * somebody's own (a one-off, a scheduled job): `fly deploy` and `fly scale` leave it alone, and so do we. Checks
 * speak only of a machine that runs; on a stopped one they keep their last word. A check in "warning" has not been
 * decided yet, so it makes a machine neither well nor ill.
 */
import {
  type LastAsked,
  MACHINE_STATES,
  type Machine,
  type MachineHealth,
  type MachineSize,
  type MachineState,
  type Release,
} from "../../core/fleet.ts";
import { proxySettingsOf } from "./proxy-settings.ts";
import { type FlyMachine, guestShape, initShape, serviceShape } from "./shapes.ts";
import { toldBootOf } from "./told-boot.ts";

const KNOWN: ReadonlySet<string> = new Set(MACHINE_STATES);
const GONE: ReadonlySet<MachineState> = new Set(["destroying", "destroyed", "replaced", "migrated"]);
/** The release command, `fly console` and machine tests run in groups of this kind. */
const RESERVED_GROUP = "fly_app_";
const DEFAULT_GROUP = "app";

/** True where the machine belongs to the app as `fly deploy` sees it, and still exists. */
export function isPlatformMachine(machine: FlyMachine): boolean {
  const metadata = metadataOf(machine);
  const group = groupOf(metadata);
  const isPlatform = group !== null || textAt(metadata, "fly_platform_version") !== null;
  return isPlatform && !group?.startsWith(RESERVED_GROUP) && !GONE.has(stateOf(machine.state));
}

export function toMachine(machine: FlyMachine): Machine {
  const { id, name, region } = machine;
  const state = stateOf(machine.state);
  const createdAt = Date.parse(machine.created_at ?? "");
  const softLimit = softLimitOf(machine);
  const release = releaseOf(metadataOf(machine));
  const boot = state === "started" ? toldBootOf(machine) : null;
  const proxy = proxySettingsOf(machine.config ?? machine.incomplete_config ?? null, region);
  return {
    id,
    name,
    region,
    processGroup: groupOf(metadataOf(machine)) ?? DEFAULT_GROUP,
    state,
    health: state === "started" ? healthOf(machine) : "unknown",
    cordoned: machine.cordoned ?? false,
    createdAt: Number.isNaN(createdAt) ? 0 : createdAt,
    lastAsked: lastAskedOf(machine),
    size: sizeOf(machine),
    ...(softLimit === null ? {} : { softLimit }),
    ...volumeOf(machine),
    ...((machine.checks?.length ?? 0) > 0 ? { hasChecks: true } : {}),
    ...(maySuspend(machine) ? { maySuspend: true } : {}),
    ...(boot === null ? {} : { lastBoot: boot }),
    ...(release === null ? {} : { release }),
    ...(proxy === null ? {} : { proxy }),
  };
}

/** Fly's own default where a service does not say. */
const DEFAULT_SOFT_LIMIT = 20;

/** The sum over its services: Fly counts what is in flight for each of them. */
function softLimitOf({ config, incomplete_config }: FlyMachine): number | null {
  const services = (config ?? incomplete_config)?.services;
  if (!Array.isArray(services) || services.length === 0) return null;
  const limits = services.map((service) => serviceShape.safeParse(service).data?.concurrency?.soft_limit);
  return limits.reduce<number>((sum, limit) => sum + (limit ?? DEFAULT_SOFT_LIMIT), 0);
}

function sizeOf({ config, incomplete_config }: FlyMachine): MachineSize | null {
  const guest = guestShape.safeParse((config ?? incomplete_config)?.guest);
  if (!guest.success) return null;
  const { cpu_kind, cpus, memory_mb } = guest.data;
  return { cpuKind: cpu_kind, cpus, memoryMb: memory_mb };
}

/** Fly suspends machines of up to 2 GB, without swap, schedule or GPU (fly.io/docs/reference/suspend-resume). */
function maySuspend({ config }: FlyMachine): boolean {
  const guest = guestShape.safeParse(config?.guest);
  if (!config || !guest.success || guest.data.memory_mb > MOST_SUSPENDED_MB) return false;
  const swap = initShape.safeParse(config.init ?? {}).data?.swap_size_mb ?? 0;
  return swap === 0 && !config.schedule && !guest.data.gpu_kind;
}

const MOST_SUSPENDED_MB = 2_048;

/** Told only by a whole configuration: what is missing from half of one may still be there. */
function volumeOf({ config }: FlyMachine): Pick<Machine, "hasVolume"> {
  if (!config) return {};
  const { mounts } = config;
  return {
    hasVolume: mounts !== undefined && mounts !== null && !(Array.isArray(mounts) && mounts.length === 0),
  };
}

/** Fly's word, with - or _, or "unknown". */
export function stateOf(word: string): MachineState {
  const spelled = word.toLowerCase().replaceAll("-", "_");
  return KNOWN.has(spelled) ? (spelled as MachineState) : "unknown";
}

function healthOf({ checks }: FlyMachine): MachineHealth {
  if (!checks || checks.length === 0) return "unknown";
  if (checks.some(({ status }) => status === "critical")) return "failing";
  return checks.every(({ status }) => status === "passing") ? "passing" : "unknown";
}

const VERBS: Readonly<Record<string, LastAsked["verb"]>> = {
  launch: "start",
  start: "start",
  restart: "start",
  update: "start",
  stop: "stop",
  suspend: "stop",
};
/** The platform, reporting what it has done. */
const PLATFORM = "flyd";

/** Fly lists the newest event first; the time decides. */
function lastAskedOf({ events }: FlyMachine): LastAsked | null {
  const asked = (events ?? []).flatMap(({ type, source, timestamp }): LastAsked[] => {
    const verb = VERBS[type ?? ""];
    if (verb === undefined || !source || source === PLATFORM || !timestamp) return [];
    return [{ verb, by: source, at: timestamp }];
  });
  return asked.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

function metadataOf(machine: FlyMachine): Record<string, unknown> {
  const { metadata } = machine.config ?? machine.incomplete_config ?? {};
  return typeof metadata === "object" && metadata !== null ? { ...metadata } : {};
}

function releaseOf(metadata: Record<string, unknown>): Release | null {
  const number = textAt(metadata, "fly_release_version");
  const id = textAt(metadata, "fly_release_id") ?? number;
  if (id === null) return null;
  return { id, version: number !== null && /^\d+$/.test(number) ? Number(number) : null };
}

function groupOf(metadata: Record<string, unknown>): string | null {
  return textAt(metadata, "fly_process_group") ?? textAt(metadata, "process_group");
}

function textAt(metadata: Record<string, unknown>, key: string): string | null {
  const value = metadata[key];
  return typeof value === "string" && value !== "" ? value : null;
}
